package handlers

import (
	"github.com/labstack/echo/v4"

	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/session"
)

// createAuth creates cloudbase_auth from its template in an own environment. That
// somebody else has just done it is no failure.
func (h Shares) createAuth(c echo.Context, env string) error {
	source, err := h.services.Functions.TemplateSource(service.TemplateAuth, models.AuthFunction)
	if err != nil {
		return err
	}
	_, err = h.services.Functions.Deploy(c.Request().Context(), session.Actor(c), c.Param(appParam), env,
		service.Deployment{Name: models.AuthFunction, Source: source, MustBeNew: true})
	if models.FieldErrors(err)["name"].Key == "error.function_exists" {
		return nil
	}
	return err
}

// addAuthMissing flags the environments of a share that the other side cannot get
// into. A borrower is told while it can open them.
func (h Shares) addAuthMissing(c echo.Context, p place, s service.ListedShare, grants []views.GrantRow) error {
	if s.Status == models.ShareExpired || s.Share.OwnerAppID != p.App.AppID && s.Status != models.ShareActive {
		return nil
	}
	ctx, actor := c.Request().Context(), session.Actor(c)
	deployed, err := h.services.Sharing.AuthFunctionDeployed(ctx, actor, p.App.AppID)
	if err != nil {
		return err
	}
	for i, g := range grants {
		if deployed[g.EnvironmentID] {
			continue
		}
		at, err := h.within(c, p.Console, g.EnvironmentID)
		if err != nil {
			return err
		}
		if at.opened != nil {
			grants[i].AuthMissing = authMissing(ctx, at)
		}
	}
	return nil
}
