package handlers

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// FunctionRun runs a function with an event, as the console's test.
type FunctionRun struct{ pages }

// emptyEvent is what a test begins with.
const emptyEvent = "{\n  \n}"

// maxEventForm bounds a form with an event of 1 MiB, whose bytes may each take
// three.
const maxEventForm = 3<<20 + formOverhead

// runForm is an event, and the kept event that it came from.
type runForm struct {
	Event    string `form:"event" trim:"no"`
	Kept     string `form:"kept" query:"event"`
	Revision int    `form:"revision"`
	Name     string `form:"name"`
}

func (h FunctionRun) show(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	var typed runForm
	if err := form.Bind(c, &typed); err != nil {
		return err
	}
	typed.Event = emptyEvent
	page := h.page(c, p, f.Name, f.ActiveVersion, typed)
	if err := h.addEvents(c, p, &page, true); err != nil {
		return err
	}
	page.Base = h.base(c, p, tabFunctions)
	return render.Page(c, http.StatusOK, functions.Show(page))
}

// addEvents adds the kept events to choose from, and loads the one that is asked
// for. Who may call but not view sees none.
func (h FunctionRun) addEvents(c echo.Context, p place, page *functions.ShowPage, load bool) error {
	if !p.opened.May(models.FunctionsView).Allowed {
		return nil
	}
	list, err := h.services.Functions.Events(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), page.Name)
	if err != nil {
		return err
	}
	chosen := page.Kept
	page.Kept = ""
	for _, e := range list {
		mine := e.ID == chosen
		page.Events = append(page.Events, ui.Option{Value: e.ID, Label: e.Name, Selected: mine})
		if !mine {
			continue
		}
		page.Kept, page.KeptName = e.ID, e.Name
		if load {
			page.Event, page.EventName, page.Revision = e.Content, e.Name, strconv.Itoa(e.Revision)
		}
	}
	return nil
}

// create runs the function. Whoever may call but not view it gets the result and
// nothing else about it.
func (h FunctionRun) create(c echo.Context) error {
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
	page := h.page(c, p, name, run.Version, f)
	if page.Errors = models.FieldErrors(err); page.Errors != nil {
		return h.answer(c, http.StatusUnprocessableEntity, p, page)
	}
	if err != nil {
		return err
	}
	result := h.runResult(c.Request().Context(), run)
	if err := h.explainRun(c, p, run, &result); err != nil {
		return err
	}
	page.Result = &result
	return h.answer(c, http.StatusOK, p, page)
}

// answer sends the result to htmx, and the whole page to everybody else.
func (h FunctionRun) answer(c echo.Context, status int, p place, page functions.ShowPage) error {
	if !render.WantsFragment(c) {
		if err := h.addEvents(c, p, &page, false); err != nil {
			return err
		}
		page.Base = h.base(c, p, tabFunctions)
	}
	return render.Fragment(c, status, functions.Show(page), functions.RunResultPanel(page.Result, page.Errors))
}

func (h FunctionRun) page(c echo.Context, p place, name string, active int, f runForm) functions.ShowPage {
	ctx, may, keep := c.Request().Context(), p.opened.May(models.FunctionsInvoke), p.opened.MayChangeFunction(name)
	page := functions.ShowPage{
		Head: h.head(ctx, p, name, active), Event: f.Event, CanRun: may.Allowed, WhyNot: reason(ctx, may),
		Kept: f.Kept, EventName: f.Name, CanKeep: keep.Allowed, WhyNotKeep: reason(ctx, keep),
	}
	if f.Revision > 0 {
		page.Revision = strconv.Itoa(f.Revision)
	}
	return page
}

// keep keeps an event under a name.
func (h FunctionRun) keep(c echo.Context) error {
	var f runForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	p, err := h.open(c)
	if err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	kept, err := h.services.Functions.KeepEvent(c.Request().Context(), session.Actor(c), app, env, name,
		service.KeptEvent{ID: f.Kept, Revision: f.Revision, Name: f.Name, Content: f.Event})
	status, errs := http.StatusUnprocessableEntity, views.Errors(models.FieldErrors(err))
	if models.IsCode(err, models.CodeConflict) {
		status, errs = http.StatusConflict, views.Errors{"name": models.MsgOf(err)}
	}
	if errs != nil {
		_, function, failed := h.function(c)
		if failed != nil {
			return failed
		}
		page := h.page(c, p, name, function.ActiveVersion, f)
		page.Errors = errs
		return h.answer(c, status, p, page)
	}
	if err != nil {
		return err
	}
	return done(c, paths.FunctionWith(app, env, name, kept.ID), "flash.event_kept", "name", kept.Name)
}

func (h FunctionRun) forget(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Functions.DeleteEvent(c.Request().Context(), session.Actor(c), app, env, name, c.Param(eventParam)); err != nil {
		return err
	}
	return done(c, paths.Function(app, env, name), "flash.event_forgotten")
}

// indented makes JSON readable; what was cut short is shown as it is.
func indented(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
