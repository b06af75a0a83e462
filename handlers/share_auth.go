package handlers

import (
	"context"

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

// flagAuthMissing flags the environments of a share that the other side cannot get
// into.
func flagAuthMissing(ctx context.Context, app string, s service.ListedShare, grants []views.GrantRow) {
	for i, g := range grants {
		if may, missing := s.AuthMissing[g.EnvironmentID]; missing {
			grants[i].AuthMissing = authFlag(ctx, app, g.EnvironmentID, s.Share.OwnerAppID != app, may)
		}
	}
}
