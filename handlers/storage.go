package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/storage"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Storage is the files of an environment.
type Storage struct{ pages }

type folderQuery struct {
	Folder string `query:"folder" trim:"no"`
	After  string `query:"after" trim:"no"`
}

// fileForm names files as they are: a path may begin or end with a space.
type fileForm struct {
	Path string `form:"path" query:"path" trim:"no"`
	From string `form:"from" trim:"no"`
	To   string `form:"to"`
	Save bool   `query:"save"`
}

func (h Storage) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var q folderQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	return h.list(c, http.StatusOK, p, q, q.Folder, nil)
}

// list shows a folder; target is the folder that the form for uploads names.
func (h Storage) list(c echo.Context, status int, p place, q folderQuery, target string, errs views.Errors) error {
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	list, err := h.services.Files.List(ctx, session.Actor(c), app, env, q.Folder, q.After)
	if err != nil {
		return err
	}
	rule, err := h.services.Files.Rule(ctx, session.Actor(c), app, env)
	if err != nil {
		return err
	}
	may := p.opened.May(models.StorageOperate)
	page := storage.IndexPage{
		Base: h.base(c, p, tabStorage), AppID: app, EnvID: env, Folder: q.Folder, Target: target, Folders: list.Folders, Errors: errs,
		Rule: i18n.T(ctx, rule.MessageKey()), CanOperate: may.Allowed, WhyNot: reason(ctx, may), Limit: size(service.MaxFile), MaxBytes: strconv.Itoa(service.MaxFile),
	}
	if list.HasPrevious {
		page.Prev = paths.StorageFolder(app, env, q.Folder, list.Previous)
	}
	if p.opened.MayConfigure().Allowed {
		page.RulesHref = paths.BucketRules(app, env)
	}
	if list.Next != "" {
		page.Next = paths.StorageFolder(app, env, q.Folder, list.Next)
	}
	if q.Folder != "" {
		page.Above, page.Here = crumbs(ctx, app, env, q.Folder)
	}
	for _, f := range list.Files {
		page.Files = append(page.Files, storage.FileRow{Path: f.Path, Name: f.Name(), Size: size(f.Size), Type: f.ContentType, At: h.minute(f.UpdatedAt)})
	}
	return render.Page(c, status, storage.Index(page))
}

// crumbs lead to the folders around a file or a folder, which they name.
func crumbs(ctx context.Context, app, env, path string) ([]ui.Crumb, string) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	out := []ui.Crumb{{Label: i18n.T(ctx, "storage.title"), Href: paths.Storage(app, env)}}
	for i, part := range parts[:len(parts)-1] {
		out = append(out, ui.Crumb{Label: part, Href: paths.StorageFolder(app, env, strings.Join(parts[:i+1], "/")+"/", "")})
	}
	return out, parts[len(parts)-1]
}

// operateFiles opens the environment for a change of its files.
func (h Storage) operateFiles(c echo.Context) (place, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, err
	}
	return p, p.opened.May(models.StorageOperate).Err()
}

// around is the folder that a file or a folder is in.
func around(path string) string {
	path = strings.TrimSuffix(path, "/")
	return path[:strings.LastIndexByte(path, '/')+1]
}
