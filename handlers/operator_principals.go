package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// operatorPrincipals are the principals of the installation.
type operatorPrincipals struct{ pages }

func (h operatorPrincipals) index(c echo.Context) error {
	q, request, err := bindOperator(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, total, err := h.services.Operator.Principals(ctx, session.Actor(c), q.Text, request)
	if err != nil {
		return err
	}
	page := views.OperatorPrincipalsPage{
		Base: render.Base(c, ""), Text: q.Text, Pagination: pagination(ctx, q.address(paths.OperatorPrincipals()), request, total),
	}
	for _, p := range list {
		page.Principals = append(page.Principals, views.OperatorPrincipalRow{
			ID: p.ID, Name: p.Name, Apps: number(p.Apps), Created: h.day(p.CreatedAt), WhyNotDelete: reason(ctx, p.MayDelete),
		})
	}
	return render.Page(c, http.StatusOK, views.OperatorPrincipals(page))
}

type principalForm struct {
	ID      string `form:"id"`
	Name    string `form:"name"`
	Version string `form:"version"`
}

func (h operatorPrincipals) new(c echo.Context) error {
	if err := h.services.Operator.Check(session.Actor(c)); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, views.OperatorPrincipal(views.OperatorPrincipalPage{Base: render.Base(c, ""), New: true}))
}

func (h operatorPrincipals) create(c echo.Context) error {
	var f principalForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.CreatePrincipal(c.Request().Context(), session.Actor(c), f.ID, f.Name)
	if fields := models.FieldErrors(err); fields != nil {
		return render.Page(c, http.StatusUnprocessableEntity, views.OperatorPrincipal(views.OperatorPrincipalPage{
			Base: render.Base(c, ""), New: true, ID: f.ID, Name: f.Name, Errors: fields,
		}))
	}
	if err != nil {
		return err
	}
	return done(c, paths.OperatorPrincipals(), "flash.principal_created", "name", f.Name)
}

func (h operatorPrincipals) edit(c echo.Context) error {
	p, err := h.services.Operator.Principal(c.Request().Context(), session.Actor(c), c.Param(principalParam))
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, views.OperatorPrincipal(views.OperatorPrincipalPage{
		Base: render.Base(c, ""), ID: p.ID, Name: p.Name, Version: p.Version,
	}))
}

// update renames. Who typed over another name than the one that is there is shown
// both, and may save again.
func (h operatorPrincipals) update(c echo.Context) error {
	var f principalForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, id := c.Request().Context(), session.Actor(c), c.Param(principalParam)
	err := h.services.Operator.RenamePrincipal(ctx, actor, id, f.Version, f.Name)
	if err == nil {
		return done(c, paths.OperatorPrincipals(), "flash.principal_changed", "name", f.Name)
	}
	page := views.OperatorPrincipalPage{ID: id, Name: f.Name, Version: f.Version, Errors: models.FieldErrors(err)}
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
	return render.Page(c, status, views.OperatorPrincipal(page))
}

func (h operatorPrincipals) confirmDelete(c echo.Context) error {
	return h.deletePage(c, http.StatusOK)
}

func (h operatorPrincipals) delete(c echo.Context) error {
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
func (h operatorPrincipals) deletePage(c echo.Context, status int) error {
	ctx := c.Request().Context()
	p, err := h.services.Operator.Principal(ctx, session.Actor(c), c.Param(principalParam))
	if err != nil {
		return err
	}
	return render.Page(c, status, views.OperatorConfirm(views.OperatorConfirmPage{
		Base: render.Base(c, ""), Ask: views.AskDeletePrincipal, Name: p.Name, ID: p.ID, WhyNot: reason(ctx, p.MayDelete),
		Action: paths.DeletePrincipal(p.ID), Back: paths.OperatorPrincipals(),
	}))
}
