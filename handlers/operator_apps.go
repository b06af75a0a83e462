package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/operator"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// OperatorApps are the apps of the installation.
type OperatorApps struct{ pages }

func (h OperatorApps) index(c echo.Context) error {
	q, request, err := bindOperator(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, total, err := h.services.Operator.Apps(ctx, session.Actor(c), q.Text, q.Principal, request)
	if err != nil {
		return err
	}
	page := operator.AppsPage{
		Base: render.Base(c, ""), Text: q.Text, Principal: q.Principal, Pagination: pagination(ctx, q.address(paths.OperatorApps()), request, total),
	}
	for _, a := range list {
		page.Apps = append(page.Apps, operator.AppRow{
			AppRef: appRef(a.App, true), Principal: a.Principal.Name, PrincipalID: a.PrincipalID, Sharing: a.Sharing, HasSecret: a.HasSecret, Created: h.day(a.CreatedAt),
		})
	}
	return render.Page(c, http.StatusOK, operator.Apps(page))
}

type appForm struct {
	AppID      string `form:"appid"`
	Name       string `form:"name"`
	Kind       string `form:"type"`
	Principal  string `form:"principal" query:"principal"`
	Secret     string `form:"secret" trim:"no"`
	DropSecret string `form:"drop_secret"`
	WebDomains string `form:"web_domains"`
	Version    string `form:"version"`
}

func (f appForm) input() service.AppInput {
	return service.AppInput{
		AppID: f.AppID, Name: f.Name, Kind: models.AppKind(f.Kind), PrincipalID: f.Principal, Secret: strings.TrimSpace(f.Secret),
		DropSecret: f.DropSecret == yes, WebDomains: strings.Fields(f.WebDomains), Version: f.Version,
	}
}

func (f appForm) page() operator.AppPage {
	return operator.AppPage{
		AppID: f.AppID, Name: f.Name, Kind: models.AppKind(f.Kind), Principal: f.Principal, WebDomains: f.WebDomains,
		DropSecret: f.DropSecret == yes, Version: f.Version,
	}
}

// formOfApp is the form as a stored app fills it. Nothing of the secret is in it.
func formOfApp(a service.OperatorApp) appForm {
	return appForm{
		AppID: a.AppID, Name: a.Name, Kind: string(a.Kind), Principal: a.PrincipalID, WebDomains: strings.Join(a.WebDomains, "\n"), Version: a.Version,
	}
}

func (h OperatorApps) new(c echo.Context) error {
	f := appForm{Kind: string(models.MiniProgram)}
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	page := f.page()
	page.New = true
	return h.form(c, http.StatusOK, page)
}

// form shows the form with the principals to choose from.
func (h OperatorApps) form(c echo.Context, status int, page operator.AppPage) error {
	list, _, err := h.services.Operator.Principals(c.Request().Context(), session.Actor(c), "", models.PageRequest{Size: models.MaxPageSize})
	if err != nil {
		return err
	}
	for _, p := range list {
		page.Principals = append(page.Principals, operator.Choice{Value: p.ID, Label: p.Name})
	}
	page.Base = render.Base(c, "")
	return render.Page(c, status, operator.App(page))
}

func (h OperatorApps) create(c echo.Context) error {
	var f appForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.RegisterApp(c.Request().Context(), session.Actor(c), f.input())
	if fields := models.FieldErrors(err); fields != nil {
		page := f.page()
		page.New, page.Errors = true, fields
		return h.form(c, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return done(c, paths.OperatorApps(), "flash.app_registered", "name", f.Name)
}

func (h OperatorApps) edit(c echo.Context) error {
	a, err := h.services.Operator.App(c.Request().Context(), session.Actor(c), c.Param(appParam))
	if err != nil {
		return err
	}
	page := formOfApp(a).page()
	page.HasSecret = a.HasSecret
	return h.form(c, http.StatusOK, page)
}

// update changes an app. Who typed over another state than the one that is there
// is shown both, and may save again.
func (h OperatorApps) update(c echo.Context) error {
	var f appForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor := c.Request().Context(), session.Actor(c)
	f.AppID = c.Param(appParam)
	err := h.services.Operator.ChangeApp(ctx, actor, f.input())
	if err == nil {
		return done(c, paths.OperatorApps(), "flash.app_changed", "name", f.Name)
	}
	fields := models.FieldErrors(err)
	if fields == nil && !models.IsCode(err, models.CodeConflict) {
		return err
	}
	now, nowErr := h.services.Operator.App(ctx, actor, f.AppID)
	if nowErr != nil {
		return nowErr
	}
	page, status := f.page(), http.StatusUnprocessableEntity
	page.HasSecret, page.Errors = now.HasSecret, fields
	if fields == nil {
		stored := formOfApp(now).page()
		status, page.Version, page.Now = http.StatusConflict, now.Version, &stored
	}
	return h.form(c, status, page)
}
