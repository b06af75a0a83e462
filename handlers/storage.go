package handlers

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// storage is the files of an environment.
type storage struct{ pages }

type folderQuery struct {
	Folder string `query:"folder"`
	After  string `query:"after"`
}

type fileForm struct {
	Path   string `form:"path" query:"path"`
	From   string `form:"from"`
	To     string `form:"to"`
	Folder string `form:"folder"`
	Save   bool   `query:"save"`
}

func (h storage) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var q folderQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	return h.list(c, http.StatusOK, p, q, nil)
}

func (h storage) list(c echo.Context, status int, p place, q folderQuery, errs views.Errors) error {
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	list, err := h.services.Files.List(ctx, session.Actor(c), app, env, q.Folder, q.After)
	if err != nil {
		return err
	}
	rule, err := h.services.Files.Rule(ctx, env)
	if err != nil {
		return err
	}
	may := p.opened.May(models.StorageOperate)
	page := views.StoragePage{
		Base: h.base(c, p, tabStorage), AppID: app, EnvID: env, Folder: q.Folder, Folders: list.Folders, Errors: errs,
		Rule: i18n.T(ctx, rule.MessageKey()), CanOperate: may.Allowed, WhyNot: reason(ctx, may),
	}
	if list.Next != "" {
		page.Next = paths.StorageFolder(app, env, q.Folder, list.Next)
	}
	page.Above, page.Here = crumbs(ctx, app, env, q.Folder)
	for _, f := range list.Files {
		page.Files = append(page.Files, views.FileRow{Path: f.Path, Name: f.Name(), Size: size(f.Size), Type: f.ContentType, At: h.minute(f.UpdatedAt)})
	}
	return render.Page(c, status, views.Storage(page))
}

// crumbs lead to the folders around one.
func crumbs(ctx context.Context, app, env, folder string) ([]ui.Crumb, string) {
	parts := strings.Split(strings.TrimSuffix(folder, "/"), "/")
	out := []ui.Crumb{{Label: i18n.T(ctx, "storage.title"), Href: paths.Storage(app, env)}}
	for i, part := range parts[:len(parts)-1] {
		out = append(out, ui.Crumb{Label: part, Href: paths.StorageFolder(app, env, strings.Join(parts[:i+1], "/")+"/", "")})
	}
	return out, parts[len(parts)-1]
}

// operateFiles opens the environment for a change of its files.
func (h storage) operateFiles(c echo.Context) (place, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, err
	}
	return p, p.opened.May(models.StorageOperate).Err()
}

func (h storage) create(c echo.Context) error {
	p, err := h.operateFiles(c)
	if err != nil {
		return err
	}
	var f fileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	folder := strings.Trim(f.Folder, "/")
	if folder != "" {
		folder += "/"
	}
	var files []*multipart.FileHeader
	if m := c.Request().MultipartForm; m != nil {
		files = m.File["files"]
	}
	if len(files) == 0 {
		return h.list(c, http.StatusUnprocessableEntity, p, folderQuery{}, views.Errors{"files": models.M("error.upload_missing")})
	}
	for _, header := range files {
		if err := h.take(c, p, folder, header); err != nil {
			said := refusedBy(err)
			if said == nil {
				return err
			}
			return h.list(c, http.StatusUnprocessableEntity, p, folderQuery{}, views.Errors{"folder": *said})
		}
	}
	return done(c, paths.StorageFolder(p.App.AppID, p.environmentID(), folder, ""), "flash.files_stored", "count", number(len(files)))
}

func (h storage) take(c echo.Context, p place, folder string, header *multipart.FileHeader) (err error) {
	file, err := header.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = h.services.Files.Store(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), folder+uploadPath(header), file)
	return err
}

func (h storage) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var f fileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	return h.file(c, http.StatusOK, p, f.Path, f.Path, nil)
}

func (h storage) file(c echo.Context, status int, p place, name, target string, errs views.Errors) error {
	ctx, actor, app, env := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID()
	f, err := h.services.Files.Get(ctx, actor, app, env, name)
	if err != nil {
		return err
	}
	preview, err := h.services.Files.Preview(ctx, actor, app, env, name)
	if err != nil {
		return err
	}
	may := p.opened.May(models.StorageOperate)
	folder := path.Dir(f.Path) + "/"
	if folder == "./" {
		folder = ""
	}
	return render.Page(c, status, views.File(views.FilePage{
		Base: h.base(c, p, tabStorage), AppID: app, EnvID: env, Path: f.Path, Name: f.Name(), ID: f.ID(), Folder: folder,
		Size: size(f.Size), Type: f.ContentType, SHA256: f.SHA256, Owner: strings.TrimSpace(f.OwnerAppID + " " + f.OwnerOpenID),
		Created: h.minute(f.CreatedAt), At: h.minute(f.UpdatedAt), Preview: preview, CanOperate: may.Allowed, WhyNot: reason(ctx, may),
		Target: target, Errors: errs,
	}))
}

// openFile leads to the gateway, which delivers the file on an origin of its own.
func (h storage) openFile(c echo.Context) error {
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

func (h storage) move(c echo.Context) error {
	p, err := h.operateFiles(c)
	if err != nil {
		return err
	}
	var f fileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env := p.App.AppID, p.environmentID()
	err = h.services.Files.Move(c.Request().Context(), session.Actor(c), app, env, f.From, f.To)
	if said := refusedBy(err); said != nil {
		return h.file(c, http.StatusUnprocessableEntity, p, f.From, f.To, views.Errors{"to": *said})
	}
	if err != nil {
		return err
	}
	return done(c, paths.StorageFile(app, env, f.To), "flash.file_moved")
}

func (h storage) delete(c echo.Context) error {
	p, err := h.operateFiles(c)
	if err != nil {
		return err
	}
	var f fileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env := p.App.AppID, p.environmentID()
	if err := h.services.Files.Remove(c.Request().Context(), session.Actor(c), app, env, f.Path); err != nil {
		return err
	}
	return done(c, paths.Storage(app, env), "flash.file_deleted", "path", f.Path)
}
