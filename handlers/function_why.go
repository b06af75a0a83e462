package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/functions"
	"envshare/web/session"
)

// searchedDenials is how many of the last refusals are looked through for the one
// that a run met.
const searchedDenials = 20

// explainRun leads from a run that failed with a known number to what explains it.
// The function acted for the owner of its environment, so that is the owner's to ask.
func (h pages) explainRun(c echo.Context, p place, i models.Invocation, r *functions.RunResult) error {
	known, ok := codeIn(i.Error)
	if i.Status == models.InvocationOK || !ok {
		return nil
	}
	if p.opened.View.Borrowed() {
		r.WhyNot = i18n.T(c.Request().Context(), "function_run.why_owner", "owner", p.opened.Owner.Name)
		return nil
	}
	d, found, err := h.denialOf(c, p.App.AppID, known.code, i)
	if err != nil {
		return err
	}
	if found {
		r.WhyHref = whyHref(p.App.AppID, d)
	}
	if env := environmentIn(i.Error); r.WhyHref == "" && env != "" {
		r.WhyHref = paths.Explain(p.App.AppID, paths.Question{
			Plane: string(models.PlaneServer), Caller: p.App.AppID, Environment: env, Operation: models.OperationInit, Ask: true,
		})
	}
	if r.WhyHref == "" {
		r.WhyHref = paths.Denials(p.App.AppID, paths.DenialQuery{Borrowed: true, Code: string(known.code)})
	}
	return nil
}

// denialOf is the recorded refusal that a run met: of its app, with its code, in an
// environment that its error names, since it began.
func (h pages) denialOf(c echo.Context, app string, code models.Code, i models.Invocation) (service.ListedDenial, bool, error) {
	for _, borrowed := range []bool{true, false} {
		filter := models.DenialFilter{CallerAppID: app, Code: code, Borrowed: borrowed}
		list, err := h.services.Denials.Latest(c.Request().Context(), session.Actor(c), app, filter, searchedDenials)
		if err != nil {
			return service.ListedDenial{}, false, err
		}
		for _, d := range list {
			if !d.LastAt.Before(i.StartedAt) && models.NamesEnvironment(i.Error, d.EnvironmentID) {
				return d, true, nil
			}
		}
	}
	return service.ListedDenial{}, false, nil
}

// environmentIn is the environment that the message of -601012 names, "" for none. Of
// an environment that is not lent to it, an app has no record.
func environmentIn(text string) string {
	for _, locale := range []string{i18n.Chinese, i18n.English} {
		const mark = "\x00"
		before, after, _ := strings.Cut(i18n.Text(locale, "call.env_not_shared", map[string]any{"environment": mark}), mark)
		if _, rest, ok := strings.Cut(text, before); ok {
			env, _, ok := strings.Cut(rest, after)
			if ok && models.ValidEnvironmentID(env) {
				return env
			}
		}
	}
	return ""
}
