package handlers

import (
	"cmp"
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

// Explain says why a call is let through or refused.
type Explain struct{ pages }

type explainQuery struct {
	Ask         string       `query:"ask"`
	Plane       models.Plane `query:"plane"`
	Caller      string       `query:"caller"`
	Env         string       `query:"env"`
	ResourceApp string       `query:"resource_app"`
	Operation   string       `query:"operation"`
	Resource    string       `query:"resource"`
	Person      string       `query:"person"`
	OpenID      string       `query:"openid"`
	UnionID     string       `query:"unionid"`
	Web         string       `query:"web"`
	Custom      string       `query:"custom"`
	Origin      string       `query:"origin"`
	Query       string       `query:"query"`
	ID          string       `query:"id"`
	Data        string       `query:"data"`
	Role        string       `query:"role"`
}

// The persons that a call of a client may come from.
const (
	personRecorded = "recorded"
	personSupposed = "supposed"
	personVisitor  = "visitor"
)

func (q explainQuery) question() service.Question {
	role, err := models.ParseRole(cmp.Or(q.Role, models.RoleAdmin.String()))
	if err != nil {
		role = models.RoleNone
	}
	return service.Question{
		CallerAppID: q.Caller, EnvironmentID: q.Env, ResourceAppID: q.ResourceApp, Plane: q.Plane, Operation: q.Operation, Resource: q.Resource,
		Query: q.Query, ID: q.ID, Data: q.Data, Origin: q.Origin, Role: role,
		Person: service.AskedPerson{
			Visitor: q.Person == personVisitor && q.Plane == models.PlaneClient, Suppose: q.Person == personSupposed,
			SimulatedCaller: service.SimulatedCaller{OpenID: q.OpenID, UnionID: q.UnionID, Web: q.Web != "", Custom: q.Custom},
		},
	}
}

func (h Explain) show(c echo.Context) error {
	var q explainQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	if q.Plane != models.PlaneClient && q.Plane != models.PlaneConsole {
		q.Plane = models.PlaneServer
	}
	q.Caller = cmp.Or(q.Caller, p.App.AppID)
	ctx := c.Request().Context()
	offered, err := h.services.Apps.Environments(ctx, session.Actor(c), p.App.AppID, service.EnvironmentFilter{}, models.PageRequest{Page: 1, Size: mostOffered})
	if err != nil {
		return err
	}
	page := h.page(ctx, p, q, offered)
	page.Base = h.base(c, p, tabSharing)
	if q.Ask == "" {
		return render.Page(c, http.StatusOK, explain.Explain(page))
	}
	answer, err := h.services.Explainer.Ask(ctx, session.Actor(c), p.App.AppID, q.question())
	if fields := models.FieldErrors(err); fields != nil {
		page.Errors = fields
		return render.Page(c, http.StatusUnprocessableEntity, explain.Explain(page))
	}
	if err != nil {
		return err
	}
	page.Answer = explainAnswer(ctx, p.App.AppID, q, answer)
	if err := h.offerAuth(c, p, q, answer, page.Answer); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, explain.Explain(page))
}

// page is the form as it was asked, or as it begins.
func (h Explain) page(ctx context.Context, p place, q explainQuery, offered service.EnvironmentList) explain.Page {
	page := explain.Page{AppID: p.App.AppID, Plane: q.Plane, Form: explain.Form{
		Caller: q.Caller, ResourceApp: q.ResourceApp, Resource: q.Resource, OpenID: q.OpenID, UnionID: q.UnionID, Custom: q.Custom,
		Origin: q.Origin, Query: q.Query, ID: q.ID, Data: q.Data, Web: q.Web != "", Environments: askedEnvironments(offered, q.Env),
	}}
	for _, plane := range models.Planes() {
		page.Planes = append(page.Planes, ui.Segment{
			Label: i18n.T(ctx, plane.MessageKey()), Active: plane == q.Plane,
			Href: paths.Explain(p.App.AppID, paths.Question{Plane: string(plane), Caller: q.Caller, Environment: q.Env, Resource: q.Resource}),
		})
	}
	for _, o := range models.Operations(q.Plane) {
		page.Form.Operations = append(page.Form.Operations, ui.Option{Value: o.Name, Label: i18n.T(ctx, o.MessageKey()), Selected: o.Name == q.Operation})
	}
	for _, person := range []string{personRecorded, personSupposed, personVisitor} {
		page.Form.Persons = append(page.Form.Persons, ui.Option{Value: person, Label: i18n.T(ctx, "explain_person."+person), Selected: person == q.Person})
	}
	for _, role := range []models.Role{models.RoleAdmin, models.RoleDeveloper, models.RoleViewer} {
		page.Form.Roles = append(page.Form.Roles, ui.Option{Value: role.String(), Label: i18n.T(ctx, role.MessageKey()), Selected: role.String() == q.Role})
	}
	for _, a := range p.Apps {
		page.Form.Apps = append(page.Form.Apps, appRef(a, true))
	}
	return page
}

// askedEnvironments are the first of those that can be asked about; one that a link
// names stays, whether it is among them or not.
func askedEnvironments(offered service.EnvironmentList, chosen string) []ui.Option {
	var out []ui.Option
	known := chosen == ""
	add := func(e models.Environment, label string) {
		out = append(out, ui.Option{Value: e.ID, Label: label, Selected: e.ID == chosen})
		known = known || e.ID == chosen
	}
	for _, e := range offered.Own {
		add(e, e.Name+" · "+e.ID)
	}
	for _, b := range offered.Borrowed {
		add(b.Environment, b.Environment.Name+" · "+b.Environment.ID+" · "+b.Owner.Name)
	}
	if !known {
		out = append(out, ui.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return out
}
