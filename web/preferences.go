package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/models"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// preferences are what anybody may choose about the interface.
type preferences struct {
	setLanguage func(ctx context.Context, actor models.Actor, language string) error
}

type languageForm struct {
	Language string `form:"lang"`
}

// language stores the language in this browser and, for somebody who is signed
// in, with the user, whose choice counts more.
func (p preferences) language(c echo.Context) error {
	var f languageForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if !i18n.Supported(f.Language) {
		return models.E(models.CodeInvalid, "error.language")
	}
	if _, ok := session.User(c); ok {
		if err := p.setLanguage(c.Request().Context(), session.Actor(c), f.Language); err != nil {
			return err
		}
	}
	render.ChooseLanguage(c, f.Language)
	return render.Redirect(c, form.Next(c))
}

type themeForm struct {
	Theme string `form:"theme"`
}

// theme stores the colour theme in this browser; empty follows the system.
func (p preferences) theme(c echo.Context) error {
	var f themeForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if f.Theme != "" && !render.Theme(f.Theme) {
		return models.E(models.CodeInvalid, "error.theme")
	}
	render.ChooseTheme(c, f.Theme)
	return render.Redirect(c, form.Next(c))
}
