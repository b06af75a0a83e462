package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/apps"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// pages is what all handlers stand on.
type pages struct {
	services *service.Services
	zone     *time.Location
	now      func() time.Time
	secure   bool
	// consoleURL is how browsers reach the console; "" for where a request went.
	consoleURL string
}

// place is where a page stands: in an app's console and, while one can be
// opened, in one of its environments.
type place struct {
	service.Console
	opened *service.Opened
}

// environmentID is the environment of the place, "" for none.
func (p place) environmentID() string {
	if p.opened == nil {
		return ""
	}
	return p.opened.View.Environment.ID
}

// open returns the environment that a route names, for a page in it.
func (h pages) open(c echo.Context) (place, error) {
	app, env := c.Param(appParam), c.Param(envParam)
	opened, err := h.services.Apps.Open(c.Request().Context(), session.Actor(c), app, env)
	if err != nil {
		return place{}, err
	}
	h.rememberEnvironment(c, app, env)
	return place{Console: opened.Console, opened: &opened}, nil
}

// enter returns the app that a route names, for a page about the whole app; the
// tabs then lead to the environment that the person was in.
func (h pages) enter(c echo.Context) (place, error) {
	return h.enterAt(c, lastEnvironment(c))
}

// enterAt is enter with the environments that the tabs may lead to, the first that
// can be opened.
func (h pages) enterAt(c echo.Context, environments ...string) (place, error) {
	console, opened, err := h.services.Apps.Enter(c.Request().Context(), session.Actor(c), c.Param(appParam), environments...)
	return place{Console: console, opened: opened}, err
}

// refused reports whether an error is a refusal that the end of a share causes.
func refused(err error) bool {
	return models.IsCode(err, models.CodeForbidden) || models.IsCode(err, models.CodeNotFound)
}

// explainRefusal answers a member of an app without console entry who is refused
// something in it with why that is and how to get one (S11): also when the last
// share ended while a page was open, and whatever environment was asked for, so
// that nobody learns which ones there are. Any other error page in an app keeps its
// switchers, and the way back to it.
func (h pages) explainRefusal(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var err error
		render.SetFrame(c, func() render.Frame { return h.frame(c, err) })
		err = next(c)
		if !refused(err) {
			return err
		}
		h.services.Denials.Refused(c.Request().Context(), session.Actor(c), c.Param(appParam), c.Param(envParam), err)
		console, failed := h.services.Apps.Console(c.Request().Context(), session.Actor(c), c.Param(appParam))
		if failed != nil || console.MayOpen.Allowed {
			return err
		}
		return h.noEntry(c, console)
	}
}

// frame is what an error page in an app stands in: nothing for strangers, or when
// it cannot be loaded. What a grant or a role lacks is explained.
func (h pages) frame(c echo.Context, failed error) render.Frame {
	p, err := h.enterAt(c, c.Param(envParam), lastEnvironment(c))
	if err != nil {
		return render.Frame{}
	}
	return render.Frame{
		Nav: h.nav(c.Request().Context(), p, ""), AppHref: paths.App(p.App.AppID), WhyHref: whyRefused(p.Console, c.Param(envParam), failed),
	}
}

// whyRefused asks the explainer about a refusal in an environment, "" for one that is
// about no permission: its message says all.
func whyRefused(console service.Console, env string, failed error) string {
	operation, ok := models.MsgOf(failed).Args["key"].(string)
	if env == "" || !ok || !models.IsCode(failed, models.CodeForbidden) {
		return ""
	}
	app := console.App.AppID
	return paths.Explain(app, paths.Question{
		Plane: string(models.PlaneConsole), Caller: app, Environment: env, Operation: operation, Role: console.Role.String(), Ask: true,
	})
}

// noEntry says why an app has no console, and how it gets one.
func (h pages) noEntry(c echo.Context, console service.Console) error {
	page := apps.NoEntryPage{
		Base: render.Base(c, ""), AppID: console.App.AppID, AppName: console.App.Name,
		CanActivate: console.MayCreateEnvironment.Allowed,
	}
	var err error
	if page.Deleted, err = h.deleted(c, console); err != nil {
		return err
	}
	render.Whole(c)
	return render.Page(c, http.StatusForbidden, apps.NoEntry(page))
}

// pageQuery is the part of an address that turns the pages of a list.
type pageQuery struct {
	Page int `query:"page"`
}

// requestedPage returns which page of a list is asked for.
func requestedPage(c echo.Context) (models.PageRequest, error) {
	var q pageQuery
	err := form.Bind(c, &q)
	return models.PageRequest{Page: q.Page}.Clamped(), err
}

// done redirects after a form was handled, with a message for the page after.
func done(c echo.Context, path, flash string, namesAndValues ...any) error {
	session.Flash(c, "success", flash, namesAndValues...)
	return c.Redirect(http.StatusSeeOther, path)
}
