package render

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/web/session"
)

// Cookies that remember what somebody chose in this browser, and for how long.
const (
	languageCookie = "lang"
	themeCookie    = "theme"
	choiceLifetime = 365 * 24 * time.Hour
)

// Config is what pages need to know of the shell.
type Config struct {
	// Secure keeps cookies from being sent without TLS.
	Secure bool
	// Asset turns the name of a static file into its address.
	Asset func(name string) string
}

const contextKey = "envshare.render"

// Middleware keeps config for Base, and puts the language that the browser chose
// or asks for into the request's context, where i18n.T finds it. It stands before
// the session is loaded, so that an error page about that can be read too.
func Middleware(config Config) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(contextKey, config)
			locale := cookie(c, languageCookie)
			if !i18n.Supported(locale) {
				locale = i18n.Match(c.Request().Header.Get("Accept-Language"))
			}
			setLocale(c, locale)
			return next(c)
		}
	}
}

// UserLanguage lets the language that a user chose go before the browser's. It
// stands after session.Middleware.
func UserLanguage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if user, _ := session.User(c); i18n.Supported(user.Language) {
			setLocale(c, user.Language)
		}
		return next(c)
	}
}

func setLocale(c echo.Context, locale string) {
	r := c.Request()
	c.SetRequest(r.WithContext(i18n.WithLocale(r.Context(), locale)))
}

// ChooseLanguage remembers a language in this browser, and answers in it.
func ChooseLanguage(c echo.Context, locale string) {
	choose(c, languageCookie, locale)
	setLocale(c, locale)
}

// ChooseTheme remembers a theme in this browser; empty for what its system says.
func ChooseTheme(c echo.Context, theme string) { choose(c, themeCookie, theme) }

func choose(c echo.Context, name, value string) {
	config, _ := c.Get(contextKey).(Config)
	chosen := &http.Cookie{
		Name: name, Value: value, Path: "/",
		HttpOnly: true, Secure: config.Secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(choiceLifetime / time.Second),
	}
	if value == "" {
		chosen.MaxAge = -1
	}
	c.SetCookie(chosen)
}

// theme returns the theme that this browser chose, "" for none.
func theme(c echo.Context) string {
	if chosen := cookie(c, themeCookie); Theme(chosen) {
		return chosen
	}
	return ""
}

// Theme reports whether there is such a theme.
func Theme(name string) bool { return name == "light" || name == "dark" }

func cookie(c echo.Context, name string) string {
	found, err := c.Cookie(name)
	if err != nil {
		return ""
	}
	return found.Value
}
