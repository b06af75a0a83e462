package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/operator"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// OperatorPrincipals are the principals of the installation.
type OperatorPrincipals struct{ pages }

func (h OperatorPrincipals) index(c echo.Context) error {
	q, request, err := bindOperator(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, total, err := h.services.Operator.Principals(ctx, session.Actor(c), q.Text, request)
	if err != nil {
		return err
	}
	page := operator.PrincipalsPage{
		Base: render.Base(c, ""), Text: q.Text, Pagination: pagination(ctx, q.address(paths.OperatorPrincipals()), request, total),
	}
	for _, p := range list {
		page.Principals = append(page.Principals, operator.PrincipalRow{
			ID: p.ID, Name: p.Name, Apps: number(p.Apps), Created: h.day(p.CreatedAt), WhyNotDelete: reason(ctx, p.MayDelete),
		})
	}
	return render.Page(c, http.StatusOK, operator.Principals(page))
}

type principalForm struct {
	ID      string `form:"id"`
	Name    string `form:"name"`
	Version string `form:"version"`
}

func (h OperatorPrincipals) new(c echo.Context) error {
	if err := h.services.Operator.Check(session.Actor(c)); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, operator.Principal(operator.PrincipalPage{Base: render.Base(c, ""), New: true}))
}

func (h OperatorPrincipals) create(c echo.Context) error {
	var f principalForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.CreatePrincipal(c.Request().Context(), session.Actor(c), f.ID, f.Name)
	if fields := models.FieldErrors(err); fields != nil {
		return render.Page(c, http.StatusUnprocessableEntity, operator.Principal(operator.PrincipalPage{
			Base: render.Base(c, ""), New: true, ID: f.ID, Name: f.Name, Errors: fields,
		}))
	}
	if err != nil {
		return err
	}
	return done(c, paths.OperatorPrincipals(), "flash.principal_created", "name", f.Name)
}

func (h OperatorPrincipals) edit(c echo.Context) error {
	p, err := h.services.Operator.Principal(c.Request().Context(), session.Actor(c), c.Param(principalParam))
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, operator.Principal(operator.PrincipalPage{
		Base: render.Base(c, ""), ID: p.ID, Name: p.Name, Version: p.Version,
	}))
}

// update renames. Who typed over another name than the one that is there is shown
// both, and may save again.
func (h OperatorPrincipals) update(c echo.Context) error {
	var f principalForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, id := c.Request().Context(), session.Actor(c), c.Param(principalParam)
	err := h.services.Operator.RenamePrincipal(ctx, actor, id, f.Version, f.Name)
	if err == nil {
		return done(c, paths.OperatorPrincipals(), "flash.principal_changed", "name", f.Name)
	}
	page := operator.PrincipalPage{ID: id, Name: f.Name, Version: f.Version, Errors: models.FieldErrors(err)}
	status := http.StatusUnprocessableEntity
	switch {
	case page.Errors != nil:
	case models.IsCode(err, models.CodeConflict):
		now, err := h.services.Operator.Principal(ctx, actor, id)
		if err != nil {
			return err
		}
		status, page.Version, page.Conflict, page.NameNow = http.StatusConflict, now.Version, true, now.Name
	default:
		return err
	}
	page.Base = render.Base(c, "")
	return render.Page(c, status, operator.Principal(page))
}

func (h OperatorPrincipals) confirmDelete(c echo.Context) error {
	return h.deletePage(c, http.StatusOK)
}

func (h OperatorPrincipals) delete(c echo.Context) error {
	err := h.services.Operator.DeletePrincipal(c.Request().Context(), session.Actor(c), c.Param(principalParam))
	if models.IsCode(err, models.CodeConflict) {
		return h.deletePage(c, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return done(c, paths.OperatorPrincipals(), "flash.principal_deleted", "name", c.Param(principalParam))
}

// deletePage asks first, or says why it cannot be.
func (h OperatorPrincipals) deletePage(c echo.Context, status int) error {
	ctx := c.Request().Context()
	p, err := h.services.Operator.Principal(ctx, session.Actor(c), c.Param(principalParam))
	if err != nil {
		return err
	}
	return render.Page(c, status, operator.Confirm(operator.ConfirmPage{
		Base: render.Base(c, ""), Ask: operator.AskDeletePrincipal, Name: p.Name, ID: p.ID, WhyNot: reason(ctx, p.MayDelete),
		Action: paths.DeletePrincipal(p.ID), Back: paths.OperatorPrincipals(),
	}))
}
