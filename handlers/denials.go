package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/explain"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Denials is what was refused between apps.
type Denials struct{ pages }

type denialsQuery struct {
	Tab    string      `query:"tab"`
	Caller string      `query:"caller"`
	Env    string      `query:"env"`
	Code   models.Code `query:"code"`
	Owner  string      `query:"owner"`
}

func (q denialsQuery) filter() models.DenialFilter {
	return models.DenialFilter{CallerAppID: q.Caller, EnvironmentID: q.Env, Code: q.Code, OwnerAppID: q.Owner, Borrowed: q.Tab == "with-me"}
}

func (h Denials) index(c echo.Context) error {
	var q denialsQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	request, err := requestedPage(c)
	if err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, app, filter := c.Request().Context(), p.App.AppID, q.filter()
	found, err := h.services.Denials.List(ctx, session.Actor(c), app, filter, request)
	if err != nil {
		return err
	}
	page := explain.DenialsPage{
		Base: h.base(c, p, tabSharing), AppID: app, Borrowed: filter.Borrowed,
		Callers: callerOptions(ctx, found, q.Caller), Environments: environmentOptions(ctx, found.Environments, q.Env), Codes: codeOptions(ctx, q.Code),
		Rows: h.denialRows(ctx, app, found.Denials), Narrowed: q.Caller != "" || q.Env != "" || q.Code != "" || q.Owner != "",
	}
	address := paths.Denials(app, paths.DenialQuery{Borrowed: filter.Borrowed, Caller: q.Caller, Environment: q.Env, Code: string(q.Code), Owner: q.Owner})
	page.Pagination = pagination(ctx, address, request, found.Total)
	return render.Page(c, http.StatusOK, explain.Denials(page))
}

func callerOptions(ctx context.Context, found service.DenialList, chosen string) []ui.Option {
	out := []ui.Option{{Label: i18n.T(ctx, "denials.any")}}
	for _, a := range found.Callers {
		out = append(out, ui.Option{Value: a.AppID, Label: a.Name, Selected: a.AppID == chosen})
	}
	return out
}

func environmentOptions(ctx context.Context, list []models.Environment, chosen string) []ui.Option {
	out, known := []ui.Option{{Label: i18n.T(ctx, "denials.any")}}, chosen == ""
	for _, e := range list {
		out = append(out, ui.Option{Value: e.ID, Label: e.Name + " · " + e.ID, Selected: e.ID == chosen})
		known = known || e.ID == chosen
	}
	if !known {
		out = append(out, ui.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return out
}

func codeOptions(ctx context.Context, chosen models.Code) []ui.Option {
	out := []ui.Option{{Label: i18n.T(ctx, "denials.any")}}
	for _, code := range models.DenialCodes() {
		out = append(out, ui.Option{Value: string(code), Label: i18n.T(ctx, "denial_code."+string(code)), Selected: code == chosen})
	}
	return out
}

// denialsIn is what was refused in the environment of a place, to one caller or, with
// "", to all that the reader may know of.
func denialsIn(p place, caller string) string {
	return paths.Denials(p.App.AppID, paths.DenialQuery{Borrowed: p.opened.View.Borrowed(), Caller: caller, Environment: p.environmentID()})
}

// denialRows are denials as an app's members read them.
func (h pages) denialRows(ctx context.Context, app string, list []service.ListedDenial) []explain.DenialRow {
	rows := make([]explain.DenialRow, 0, len(list))
	for _, d := range list {
		row := explain.DenialRow{
			Environment: d.EnvironmentID, EnvName: d.Environment.Name, Operation: operationName(ctx, d.Plane, d.Operation), Resource: d.Resource,
			Plane: i18n.T(ctx, d.Plane.MessageKey()), Code: i18n.T(ctx, "denial_code."+string(d.Code)),
			Reason: i18n.Text(i18n.Locale(ctx), d.Msg.Key, d.Msg.Args), Fix: i18n.T(ctx, d.Fix.MessageKey()),
			Count: number(d.Count), First: h.second(d.FirstAt), Last: h.second(d.LastAt), WhyHref: whyHref(app, d),
		}
		if d.Owner.AppID != app {
			row.Owner = d.Owner.Name
		}
		if d.EndUser {
			row.Person = i18n.T(ctx, "denials.person")
		}
		switch {
		case d.Caller.AppID != "":
			row.Caller = appRef(d.Caller, true)
		case d.MsgKey == "denial.unknown_app":
			row.Caller.Name = i18n.T(ctx, "denials.unknown_app")
		default:
			row.Caller.Name = i18n.T(ctx, "denials.visitor")
		}
		rows = append(rows, row)
	}
	return rows
}

// operationName is what was tried, in words.
func operationName(ctx context.Context, plane models.Plane, name string) string {
	if o, ok := models.OperationOf(plane, name); ok {
		return i18n.T(ctx, o.MessageKey())
	}
	if name == "" {
		return i18n.T(ctx, "denials.any_operation")
	}
	return i18n.T(ctx, models.Permission(name).MessageKey())
}

// askedAs is the operation that the explainer is asked about, for a permission
// that several need.
var askedAs = map[string]string{string(models.DatabaseWrite): "database.create", "": models.OperationInit}

// whyHref asks the explainer about a denial. Of an app that is not named nothing
// can be asked.
func whyHref(app string, d service.ListedDenial) string {
	q := paths.Question{
		Plane: string(d.Plane), Caller: d.CallerAppID, Environment: d.EnvironmentID, Operation: d.Operation, Resource: d.Resource,
		Visitor: d.CallerAppID == "", Ask: true,
	}
	if d.MsgKey == "denial.unknown_app" {
		return ""
	}
	if q.Visitor {
		q.Caller = app
	}
	if other, ok := askedAs[q.Operation]; ok {
		q.Operation = other
		if d.Plane == models.PlaneConsole {
			q.Operation = string(models.SettingsView)
		}
	}
	return paths.Explain(app, q)
}
