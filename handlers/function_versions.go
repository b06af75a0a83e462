package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// shownDigest is how many digits of a digest are shown.
const shownDigest = 10

func (h functionCode) versions(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, err := h.services.Functions.Versions(ctx, session.Actor(c), p.App.AppID, p.environmentID(), f.Name)
	if err != nil {
		return err
	}
	may := p.opened.MayChangeFunction(f.Name)
	page := views.FunctionVersionsPage{
		Base: h.base(c, p, tabFunctions), FunctionHead: h.head(ctx, p, f.Name, f.ActiveVersion),
		CanRollBack: may.Allowed, WhyNot: reason(ctx, may),
	}
	for _, v := range list {
		page.Versions = append(page.Versions, views.VersionRow{
			Number: strconv.Itoa(v.Number), Digest: v.Digest[:min(shownDigest, len(v.Digest))], Size: size(v.SizeBytes),
			Who: v.DeployedBy, When: h.minute(v.CreatedAt), Active: v.ID == f.ActiveID,
		})
	}
	return render.Page(c, http.StatusOK, views.FunctionVersions(page))
}

type rollBackForm struct {
	Version int `form:"version"`
}

func (h functionCode) rollBack(c echo.Context) error {
	var f rollBackForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Functions.RollBack(c.Request().Context(), session.Actor(c), app, env, name, f.Version); err != nil {
		return err
	}
	return done(c, paths.FunctionVersions(app, env, name), "flash.function_rolled_back", "name", name, "version", version(f.Version))
}
