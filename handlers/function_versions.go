package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// FunctionVersions are the versions of a function: what changed between them, and
// which one runs.
type FunctionVersions struct{ pages }

// shownDigest is how many digits of a digest are shown.
const shownDigest = 10

func (h FunctionVersions) index(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	list, err := h.services.Functions.Versions(ctx, session.Actor(c), app, env, f.Name)
	if err != nil {
		return err
	}
	may := p.opened.MayChangeFunction(f.Name)
	page := functions.VersionsPage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, f.Name, f.ActiveVersion), WhyNot: reason(ctx, may),
	}
	for i, v := range list {
		row := functions.VersionRow{
			Number: version(v.Number), Digest: v.Digest[:min(shownDigest, len(v.Digest))], Size: size(v.SizeBytes), Note: v.Note,
			Who: v.DeployedBy, When: h.minute(v.CreatedAt), Active: v.ID == f.ActiveID,
		}
		if i+1 < len(list) {
			row.CompareHref = paths.CompareVersions(app, env, f.Name, strconv.Itoa(list[i+1].Number), strconv.Itoa(v.Number))
		}
		if may.Allowed && !row.Active {
			row.RollBackHref = paths.RollBackTo(app, env, f.Name, strconv.Itoa(v.Number))
		}
		page.Versions = append(page.Versions, row)
	}
	return render.Page(c, http.StatusOK, functions.Versions(page))
}

// compareQuery names two versions; 0 is chosen here.
type compareQuery struct {
	From int `query:"from"`
	To   int `query:"to"`
}

func (h FunctionVersions) compare(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	var q compareQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	list, err := h.services.Functions.Versions(ctx, session.Actor(c), app, env, f.Name)
	if err != nil {
		return err
	}
	if q.To == 0 {
		q.To = f.ActiveVersion
	}
	if q.From == 0 {
		q.From = max(1, q.To-1)
	}
	changes, err := h.services.Functions.Compare(ctx, session.Actor(c), app, env, f.Name, q.From, q.To)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, functions.Compare(functions.ComparePage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, f.Name, f.ActiveVersion),
		From: versionOptions(list, q.From, f.ActiveID, i18n.T(ctx, "function_versions.active")), FromVersion: version(q.From),
		To: versionOptions(list, q.To, f.ActiveID, i18n.T(ctx, "function_versions.active")), ToVersion: version(q.To),
		Files: diffFiles(ctx, changes),
	}))
}

// versionOptions are versions to choose from, the one that runs marked. A chosen
// one that is too old for the list is added.
func versionOptions(list []models.FunctionVersion, chosen int, activeID, active string) []ui.Option {
	var options []ui.Option
	for _, v := range list {
		label := version(v.Number)
		if v.ID == activeID {
			label += " · " + active
		}
		options = append(options, ui.Option{Value: strconv.Itoa(v.Number), Label: label, Selected: v.Number == chosen})
	}
	if !slices.ContainsFunc(list, func(v models.FunctionVersion) bool { return v.Number == chosen }) {
		options = append(options, ui.Option{Value: strconv.Itoa(chosen), Label: version(chosen), Selected: true})
	}
	return options
}

type rollBackForm struct {
	Version int    `form:"version" query:"version"`
	Over    string `form:"over"` // the id of the version that was seen running
}

// confirmRollBack shows what an earlier version differs in, before it runs.
func (h FunctionVersions) confirmRollBack(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	var q rollBackForm
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	if q.Version == 0 {
		q.Version = max(1, f.ActiveVersion-1)
	}
	return h.rollBackPage(c, http.StatusOK, p, f, q.Version, nil)
}

func (h FunctionVersions) rollBackPage(c echo.Context, status int, p place, f models.Function, to int, errs views.Errors) error {
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	changes, err := h.services.Functions.Compare(ctx, session.Actor(c), app, env, f.Name, f.ActiveVersion, to)
	if err != nil {
		return err
	}
	return render.Page(c, status, functions.RollBack(functions.RollBackPage{
		Base: h.base(c, p, tabFunctions), AppID: app, EnvID: env, Name: f.Name, Number: strconv.Itoa(to), Version: version(to),
		Over: f.ActiveID, Active: version(f.ActiveVersion), Files: diffFiles(ctx, changes), Errors: errs,
		CompareHref: paths.CompareVersions(app, env, f.Name, strconv.Itoa(f.ActiveVersion), strconv.Itoa(to)),
	}))
}

func (h FunctionVersions) rollBack(c echo.Context) error {
	var f rollBackForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	err := h.services.Functions.RollBack(c.Request().Context(), session.Actor(c), app, env, name, f.Version, f.Over)
	if models.IsCode(err, models.CodeConflict) {
		p, function, failed := h.function(c)
		if failed != nil {
			return err
		}
		return h.rollBackPage(c, http.StatusConflict, p, function, f.Version, views.Errors{"over": models.MsgOf(err)})
	}
	if err != nil {
		return err
	}
	return done(c, paths.FunctionVersions(app, env, name), "flash.function_rolled_back", "name", name, "version", version(f.Version))
}
