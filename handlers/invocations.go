package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/web/render"
	"envshare/web/session"
)

// invocations are the runs of a function, with their logs.
type invocations struct{ pages }

func (h invocations) index(c echo.Context) error {
	request, err := requestedPage(c)
	if err != nil {
		return err
	}
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	list, total, err := h.services.Functions.Invocations(ctx, session.Actor(c), app, env, f.Name, request)
	if err != nil {
		return err
	}
	page := views.InvocationsIndexPage{
		Base: h.base(c, p, tabFunctions), FunctionHead: h.head(ctx, p, f.Name, f.ActiveVersion),
		Pagination: pagination(ctx, paths.Invocations(app, env, f.Name), request, total),
	}
	for _, i := range list {
		page.Invocations = append(page.Invocations, views.InvocationRow{
			ID: i.ID, OK: i.Status == models.InvocationOK, Status: statusKey(i.Status), When: h.second(i.StartedAt),
			Duration: duration(i.DurationMS), Memory: size(i.MemoryBytes), Version: version(i.Version), Source: invocationSource(ctx, i),
		})
	}
	return render.Page(c, http.StatusOK, views.InvocationsIndex(page))
}

func (h invocations) show(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	i, err := h.services.Functions.Invocation(ctx, session.Actor(c), p.App.AppID, p.environmentID(), f.Name, c.Param(invocationParam))
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, views.InvocationShow(views.InvocationShowPage{
		Base: h.base(c, p, tabFunctions), FunctionHead: h.head(ctx, p, f.Name, f.ActiveVersion),
		When: h.second(i.StartedAt), Source: invocationSource(ctx, i), Ran: version(i.Version), Result: runResult(i),
	}))
}

// statusKey is how an invocation ended, as a key of the catalogues.
func statusKey(s models.InvocationStatus) string {
	switch s {
	case models.InvocationOK:
		return "invocation_status.success"
	case models.InvocationTooLarge:
		return "invocation_status.result_too_large"
	}
	return "invocation_status." + string(s)
}

// invocationSource says where an invocation came from.
func invocationSource(ctx context.Context, i models.Invocation) string {
	return i18n.T(ctx, "invocation_source."+string(i.Trigger), "app", i.CallerAppID)
}
