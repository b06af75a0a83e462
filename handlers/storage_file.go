package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/storage"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

func (h Storage) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var f fileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, app, env := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID()
	file, err := h.services.Files.Get(ctx, actor, app, env, f.Path)
	if err != nil {
		return err
	}
	preview, err := h.services.Files.Preview(ctx, actor, app, env, f.Path)
	if err != nil {
		return err
	}
	if preview.Image {
		if err := h.allowPictures(c); err != nil {
			return err
		}
	}
	may := p.opened.May(models.StorageOperate)
	page := storage.FilePage{
		Base: h.base(c, p, tabStorage), AppID: app, EnvID: env, Path: file.Path, Name: file.Name(), ID: file.ID(),
		Size: size(file.Size), Type: file.ContentType, SHA256: file.SHA256, Owner: strings.TrimSpace(file.OwnerAppID + " " + file.OwnerOpenID),
		Created: h.minute(file.CreatedAt), At: h.minute(file.UpdatedAt), Text: preview.Text, Cut: preview.Cut, Image: preview.Image,
		CanOperate: may.Allowed, WhyNot: reason(ctx, may),
	}
	page.Above, _ = crumbs(ctx, app, env, file.Path)
	return render.Page(c, http.StatusOK, storage.File(page))
}

// allowPictures lets the page load pictures from the gateway, and this page only.
// The bytes come from there even for a preview: what somebody uploaded is never
// delivered under the console's own origin, whatever type it claims to have.
func (h Storage) allowPictures(c echo.Context) error {
	origin, err := h.services.Files.ShowOrigin(c.Request().Context())
	if err != nil {
		return err
	}
	render.AllowPictures(c, origin)
	return nil
}

// openFile leads to the gateway, which delivers the file on an origin of its own.
func (h Storage) openFile(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var f fileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	address, err := h.services.Files.ShowURL(ctx, session.Actor(c), p.App.AppID, p.environmentID(), f.Path, f.Save)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// placeOf is the page of a file, or of a folder given as "a/b/".
func placeOf(app, env, path string) string {
	if strings.HasSuffix(path, "/") {
		return paths.StorageFolder(app, env, path, "")
	}
	return paths.StorageFile(app, env, path)
}
