package handlers

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// functionRun runs a function with an event, as the console's test.
type functionRun struct{ pages }

// emptyEvent is what a test begins with.
const emptyEvent = "{\n  \n}"

func (h functionRun) show(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	page := h.page(c, p, f.Name, f.ActiveVersion, emptyEvent)
	page.Base = h.base(c, p, tabFunctions)
	return render.Page(c, http.StatusOK, views.FunctionShow(page))
}

type runForm struct {
	Event string `form:"event" trim:"no"`
}

// create runs the function. Whoever may call but not view it gets the result and
// nothing else about it.
func (h functionRun) create(c echo.Context) error {
	var f runForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	p, err := h.open(c)
	if err != nil {
		return err
	}
	name := c.Param(nameParam)
	run, err := h.services.Functions.TestRun(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), name, f.Event)
	page := h.page(c, p, name, run.Version, f.Event)
	if page.Errors = models.FieldErrors(err); page.Errors != nil {
		return h.answer(c, http.StatusUnprocessableEntity, p, page)
	}
	if err != nil {
		return err
	}
	result := runResult(run)
	page.Result = &result
	return h.answer(c, http.StatusOK, p, page)
}

// answer sends the result to htmx, and the whole page to everybody else.
func (h functionRun) answer(c echo.Context, status int, p place, page views.FunctionShowPage) error {
	if !render.WantsFragment(c) {
		page.Base = h.base(c, p, tabFunctions)
	}
	return render.Fragment(c, status, views.FunctionShow(page), views.RunResultPanel(page.Result, page.Errors))
}

func (h functionRun) page(c echo.Context, p place, name string, active int, event string) views.FunctionShowPage {
	ctx, may := c.Request().Context(), p.opened.May(models.FunctionsInvoke)
	return views.FunctionShowPage{
		FunctionHead: h.head(ctx, p, name, active), Event: event, CanRun: may.Allowed, WhyNot: reason(ctx, may),
	}
}

// runResult is an invocation, ready to print.
func runResult(i models.Invocation) views.RunResult {
	return views.RunResult{
		OK: i.Status == models.InvocationOK, Status: statusKey(i.Status), Duration: duration(i.DurationMS),
		Memory: size(i.MemoryBytes), Result: indented(i.Result), Error: i.Error, Logs: i.Logs, RequestID: i.ID,
	}
}

// indented makes JSON readable; what was cut short is shown as it is.
func indented(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
