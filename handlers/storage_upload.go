package handlers

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/session"
)

// Streams are the routes that read forms with files part by part, with what bounds
// such a form: web.Config takes them.
func Streams() map[string]int64 {
	return map[string]int64{
		paths.Storage(anyApp, anyEnv):                  service.MaxFile,
		paths.ImportDocuments(anyApp, anyEnv, anyName): service.MaxImport + formOverhead,
	}
}

// The fields of the form for uploads. The folder stands before the files.
const (
	uploadFolder = "folder"
	uploadFiles  = "files"
	// scripted is a header of static/js/upload.js, which sends file after file and
	// tells about all of them itself.
	scripted = "X-Upload"
)

// upload is a form with files that is being read.
type upload struct {
	folder string // "" or ends in a slash
	stored int
	errs   views.Errors
}

// create stores each file while it arrives. The first one that is refused ends it;
// those before it stay, and the page says so.
func (h Storage) create(c echo.Context) error {
	p, err := h.operateFiles(c)
	if err != nil {
		return err
	}
	parts, err := form.PartsOf(c)
	if err != nil {
		return err
	}
	var u upload
	if err := h.read(c, p, parts, &u); err != nil {
		return err
	}
	app, env := p.App.AppID, p.environmentID()
	switch {
	case u.errs != nil:
		parts.Skip()
		return h.refuseUpload(c, p, u)
	case c.Request().Header.Get(scripted) != "":
		return c.NoContent(http.StatusNoContent)
	}
	return done(c, paths.StorageFolder(app, env, u.folder, ""), "flash.files_stored", "count", number(u.stored))
}

// refuseUpload shows the folder that was uploaded into, if there can be one, with
// what is wrong.
func (h Storage) refuseUpload(c echo.Context, p place, u upload) error {
	if u.stored > 0 {
		session.Flash(c, "warning", "flash.files_stored_before", "count", number(u.stored))
	}
	shown := folderQuery{Folder: u.folder}
	if models.CheckFilePath(strings.TrimSuffix(u.folder, "/")) != nil {
		shown.Folder = ""
	}
	return h.list(c, http.StatusUnprocessableEntity, p, shown, u.folder, u.errs)
}

func (h Storage) read(c echo.Context, p place, parts *form.Parts, u *upload) error {
	for {
		part, err := parts.Next()
		if errors.Is(err, io.EOF) {
			if u.stored == 0 {
				u.errs = views.Errors{uploadFiles: models.M("error.upload_missing")}
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case part.FormName() == uploadFolder:
			folder, err := part.Text()
			if err != nil {
				return err
			}
			if u.folder = strings.Trim(strings.TrimSpace(folder), "/"); u.folder != "" {
				u.folder += "/"
			}
		case part.FormName() == uploadFiles && part.FileName() != "":
			if err := h.take(c, p, u, part); err != nil || u.errs != nil {
				return err
			}
		}
	}
}

// take stores a file. What is wrong with it stands beside the field: with the
// folder, when no file could have a good path in it.
func (h Storage) take(c echo.Context, p place, u *upload, part *form.Part) error {
	name := uploadPath(&multipart.FileHeader{Filename: part.FileName(), Header: part.Header})
	if u.folder != "" && models.CheckFilePath(strings.TrimSuffix(u.folder, "/")) != nil {
		u.errs = views.Errors{uploadFolder: models.M("error.file_path", "max", models.MaxFilePath)}
		return nil
	}
	_, err := h.services.Files.Store(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), u.folder+name, part)
	said := refusedBy(err)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		u.stored++
	case said != nil && !errors.As(err, &tooLarge) && c.Request().Header.Get(scripted) != "":
		u.errs = views.Errors{uploadFiles: *said} // the script knows which file it sent
	case said != nil && !errors.As(err, &tooLarge):
		u.errs = views.Errors{uploadFiles: models.M("error.file_refused", "name", name, "why", i18n.Text(i18n.Locale(c.Request().Context()), said.Key, said.Args))}
	default:
		return err
	}
	return nil
}
