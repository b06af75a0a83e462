package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/views/operator"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

func (h OperatorUsers) confirmDisable(c echo.Context) error {
	return h.confirm(c, operator.AskDisableUser, paths.DisableUser(c.Param(userParam)))
}

func (h OperatorUsers) confirmReset(c echo.Context) error {
	return h.confirm(c, operator.AskResetPassword, paths.ResetPassword(c.Param(userParam)))
}

// confirm asks first, or says why it cannot be.
func (h OperatorUsers) confirm(c echo.Context, ask, action string) error {
	ctx := c.Request().Context()
	u, err := h.services.Operator.User(ctx, session.Actor(c), c.Param(userParam))
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, operator.Confirm(operator.ConfirmPage{
		Base: render.Base(c, ""), Ask: ask, Name: u.Username, Version: u.Version, WhyNot: reason(ctx, u.MayTake),
		Action: action, Back: paths.OperatorUser(u.ID), Links: len(u.Links), SecondFactor: u.SecondFactor,
	}))
}

func (h OperatorUsers) disable(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.Disable(c.Request().Context(), session.Actor(c), c.Param(userParam), f.Version)
	return h.answer(c, f, err, "flash.user_disabled")
}

func (h OperatorUsers) enable(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.Enable(c.Request().Context(), session.Actor(c), c.Param(userParam), f.Version)
	return h.answer(c, f, err, "flash.user_enabled")
}

// reset answers with the link itself: it is shown once and stored nowhere.
func (h OperatorUsers) reset(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, id := c.Request().Context(), session.Actor(c), c.Param(userParam)
	user, token, err := h.services.Operator.ResetPassword(ctx, actor, id, f.Version, service.Reset{Links: f.Links == yes, SecondFactor: f.Second == yes})
	if err != nil {
		return h.answer(c, f, err, "")
	}
	return h.link(c, user, token)
}

func (h OperatorUsers) removeLink(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.RemoveLink(c.Request().Context(), session.Actor(c), c.Param(userParam), f.Version, f.Issuer)
	return h.answer(c, f, err, "flash.user_link_removed")
}
