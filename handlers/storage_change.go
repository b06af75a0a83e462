package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/views"
	"envshare/views/storage"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// change is the page that asks before a file or a folder moves or goes.
func (h Storage) change(c echo.Context, p place, path string) (storage.FileChangePage, error) {
	app, env := p.App.AppID, p.environmentID()
	sum, err := h.services.Files.Holds(c.Request().Context(), session.Actor(c), app, env, path)
	_, name := crumbs(c.Request().Context(), app, env, path)
	return storage.FileChangePage{
		Base: h.base(c, p, tabStorage), AppID: app, EnvID: env, Path: path, Name: name, Folder: strings.HasSuffix(path, "/"),
		Files: number(sum.Files), Size: size(sum.Bytes), Target: path, Back: placeOf(app, env, path),
	}, err
}

// asked opens the environment for a change and reads the form or the query.
func (h Storage) asked(c echo.Context) (place, fileForm, error) {
	var f fileForm
	p, err := h.operateFiles(c)
	if err == nil {
		err = form.Bind(c, &f)
	}
	return p, f, err
}

func (h Storage) confirmMove(c echo.Context) error {
	p, f, err := h.asked(c)
	if err != nil {
		return err
	}
	page, err := h.change(c, p, f.Path)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, storage.FileMove(page))
}

func (h Storage) move(c echo.Context) error {
	p, f, err := h.asked(c)
	if err != nil {
		return err
	}
	to := f.To
	if strings.HasSuffix(f.From, "/") && to != "" {
		to = strings.TrimRight(to, "/") + "/"
	}
	app, env := p.App.AppID, p.environmentID()
	err = h.services.Files.Move(c.Request().Context(), session.Actor(c), app, env, f.From, to)
	if said := refusedBy(err); said != nil {
		page, err := h.change(c, p, f.From)
		if err != nil {
			return err
		}
		page.Target, page.Errors = f.To, views.Errors{"to": *said}
		return render.Page(c, http.StatusUnprocessableEntity, storage.FileMove(page))
	}
	if err != nil {
		return err
	}
	return done(c, placeOf(app, env, to), "flash.file_moved", "path", to)
}

func (h Storage) confirmDelete(c echo.Context) error {
	p, f, err := h.asked(c)
	if err != nil {
		return err
	}
	page, err := h.change(c, p, f.Path)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, storage.FileDelete(page))
}

func (h Storage) delete(c echo.Context) error {
	p, f, err := h.asked(c)
	if err != nil {
		return err
	}
	app, env := p.App.AppID, p.environmentID()
	if err := h.services.Files.Remove(c.Request().Context(), session.Actor(c), app, env, f.Path); err != nil {
		return err
	}
	return done(c, paths.StorageFolder(app, env, around(f.Path), ""), "flash.file_deleted", "path", f.Path)
}
