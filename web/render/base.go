package render

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
	echomw "github.com/labstack/echo/v4/middleware"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/session"
)

// Base fills what every page carries. titleKey is a key of the catalogues, empty
// for the page's own heading. It takes the kept messages: call it only for a page
// that is sent, not for a fragment.
func Base(c echo.Context, titleKey string) views.Base {
	base := Bare(c, titleKey)
	for _, m := range session.Flashes(c) {
		base.Flash = append(base.Flash, views.Flash{
			Kind: m.Kind,
			Text: i18n.Text(base.Lang, m.Msg.Key, m.Msg.Args),
		})
	}
	return base
}

// Bare is Base without the kept messages, for fragments and error pages: those
// messages are for the page after.
func Bare(c echo.Context, titleKey string) views.Base {
	ctx := c.Request().Context()
	config, _ := c.Get(contextKey).(Config)
	csrf, _ := c.Get(echomw.DefaultCSRFConfig.ContextKey).(string)
	base := views.Base{
		Lang:  i18n.Locale(ctx),
		Theme: theme(c),
		CSRF:  csrf,
		Path:  address(c),
		Asset: config.Asset,
	}
	if titleKey != "" {
		base.Title = i18n.T(ctx, titleKey)
	}
	if user, ok := session.User(c); ok {
		base.User = &views.UserMenu{Name: user.Username, Operator: user.Operator}
	}
	return base
}

// address returns where changing language or theme returns to: the page itself
// or, for a page that answers a form and has no address of its own, the page that
// the form stood on.
func address(c echo.Context) string {
	r := c.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return form.Local(r.URL.RequestURI())
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return paths.Home()
	}
	return form.Local(from.RequestURI())
}
