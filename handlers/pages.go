package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
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
	ctx, actor, app := c.Request().Context(), session.Actor(c), c.Param(appParam)
	console, err := h.services.Apps.Console(ctx, actor, app)
	if err != nil {
		return place{}, err
	}
	if err := console.MayOpen.Err(); err != nil {
		return place{}, err
	}
	env := lastEnvironment(c, console)
	if env == "" {
		return place{Console: console}, nil
	}
	opened, err := h.services.Apps.Open(ctx, actor, app, env)
	if refused(err) { // it ended between the two questions
		return place{Console: console}, nil
	}
	if err != nil {
		return place{}, err
	}
	return place{Console: opened.Console, opened: &opened}, nil
}

// refused reports whether an error is a refusal that the end of a share causes.
func refused(err error) bool {
	return models.IsCode(err, models.CodeForbidden) || models.IsCode(err, models.CodeNotFound)
}

// explainRefusal answers a member of an app who is refused something in it with
// the way back to it; in an app without console entry with why that is and how to
// get one (S11): also when the last share ended while
// a page was open, and whatever environment was asked for, so that nobody learns
// which ones there are.
func (h pages) explainRefusal(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if !refused(err) {
			return err
		}
		console, failed := h.services.Apps.Console(c.Request().Context(), session.Actor(c), c.Param(appParam))
		if failed != nil {
			return err
		}
		if !console.MayOpen.Allowed {
			return h.noEntry(c, console)
		}
		return h.refusal(c, console, err)
	}
}

// refusal is the page of a refused request, with the way back to the app.
func (h pages) refusal(c echo.Context, console service.Console, err error) error {
	status, msg := http.StatusForbidden, models.MsgOf(err)
	if models.IsCode(err, models.CodeNotFound) {
		status = http.StatusNotFound
	}
	return render.Page(c, status, views.Error(views.ErrorPage{
		Base: render.Bare(c, ""), Status: status, Message: i18n.Text(i18n.Locale(c.Request().Context()), msg.Key, msg.Args),
		RequestID: c.Response().Header().Get(echo.HeaderXRequestID), AppHref: paths.App(console.App.AppID),
	}))
}

func (h pages) noEntry(c echo.Context, console service.Console) error {
	return render.Page(c, http.StatusForbidden, views.NoEntry(views.NoEntryPage{
		Base: render.Base(c, ""), AppID: console.App.AppID, AppName: console.App.Name,
		CanActivate: console.MayCreateEnvironment.Allowed,
	}))
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
