package handlers

import (
	"context"
	"mime"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/database"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Transfers are the imports and exports of a collection.
type Transfers struct{ pages }

type importForm struct {
	Mode string `form:"mode"`
	Stop bool   `form:"stop"`
}

type exportForm struct {
	Format string `form:"format"`
	Filter string `form:"filter"`
}

func (h Transfers) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	return h.list(c, http.StatusOK, p, database.TransfersPage{})
}

// list shows the page with what was typed into its forms.
func (h Transfers) list(c echo.Context, status int, p place, page database.TransfersPage) error {
	ctx, name := c.Request().Context(), c.Param(nameParam)
	actor, app, env := session.Actor(c), p.App.AppID, p.environmentID()
	if _, err := h.services.Documents.Indexes(ctx, actor, app, env, name); err != nil {
		return err // there is no such collection
	}
	list, err := h.services.Transfers.List(ctx, actor, app, env, name)
	if err != nil {
		return err
	}
	page.Base, page.Head, page.MaxMB = h.base(c, p, tabDatabase), collectionHead(ctx, p, name), number(service.MaxImport>>20)
	for _, t := range list {
		page.Running = page.Running || !t.Ended()
		page.Transfers = append(page.Transfers, h.row(ctx, t, page.Head.CanOperate))
	}
	return render.Page(c, status, database.Transfers(page))
}

func (h Transfers) row(ctx context.Context, t models.Transfer, operates bool) database.TransferRow {
	row := database.TransferRow{
		ID: t.ID, Kind: i18n.T(ctx, "transfer_kind."+string(t.Kind)), File: t.FileName, Status: i18n.T(ctx, "transfer_status."+string(t.Status)),
		Progress: i18n.T(ctx, "transfers.progress", "count", number(t.Documents), "failed", number(t.Failed), "size", size(t.BytesDone)),
		By:       t.ActorName, At: h.minute(t.CreatedAt), Running: !t.Ended(), CanCancel: operates && !t.Ended(),
		CanResume:   operates && (t.Status == models.TransferFailed || t.Status == models.TransferCancelled),
		CanDownload: operates && t.Kind == models.TransferExport && t.Status == models.TransferDone,
	}
	if percent, known := t.Percent(); known && !t.Ended() {
		row.Percent = strconv.Itoa(percent)
	}
	for _, e := range t.Errors {
		text := i18n.Text(i18n.Locale(ctx), e.Key, e.Args)
		if e.Line > 0 {
			text = i18n.T(ctx, "transfers.line", "line", number(e.Line), "error", text)
		}
		row.Errors = append(row.Errors, text)
	}
	return row
}

func (h Transfers) importFile(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	file, noFile := form.FirstFile(c)
	if noFile != nil && !form.NoFile(noFile) {
		return noFile
	}
	var f importForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	refuse := func(said models.Msg) error {
		page := database.TransfersPage{Mode: f.Mode, Stop: f.Stop, Errors: views.Errors{"file": said}}
		return h.list(c, http.StatusUnprocessableEntity, p, page)
	}
	if noFile != nil || file.FileName() == "" {
		return refuse(models.M("error.import_missing"))
	}
	fileName := file.FileName()
	in := service.Import{Format: models.ImportFormat(fileName), Mode: models.ImportMode(f.Mode), StopOnError: f.Stop, FileName: fileName, File: file}
	switch {
	case in.Format == "":
		return refuse(models.M("error.import_type"))
	case c.Request().ContentLength > service.MaxImport+formOverhead:
		return refuse(models.M("error.transfer_large", "mb", service.MaxImport>>20))
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	_, err = h.services.Transfers.Import(c.Request().Context(), session.Actor(c), app, env, name, in)
	if said := refusedBy(err); said != nil {
		return refuse(*said)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Transfers(app, env, name), "flash.import_begun")
}

func (h Transfers) export(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f exportForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	_, err = h.services.Transfers.Export(c.Request().Context(), session.Actor(c), app, env, name, service.Export{Format: f.Format, Filter: f.Filter})
	if said := refusedBy(err); said != nil {
		return h.list(c, http.StatusUnprocessableEntity, p, database.TransfersPage{Format: f.Format, Filter: f.Filter, Errors: views.Errors{"filter": *said}})
	}
	if err != nil {
		return err
	}
	return done(c, paths.Transfers(app, env, name), "flash.export_begun")
}

func (h Transfers) download(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	t, file, err := h.services.Transfers.Download(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), c.Param(transferParam))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/octet-stream")
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": t.FileName}))
	http.ServeContent(c.Response(), c.Request(), "", t.UpdatedAt, file)
	return nil
}

func (h Transfers) cancel(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Transfers.Cancel(c.Request().Context(), session.Actor(c), app, env, name, c.Param(transferParam)); err != nil {
		return err
	}
	return done(c, paths.Transfers(app, env, name), "flash.transfer_cancelled")
}

func (h Transfers) resume(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Transfers.Resume(c.Request().Context(), session.Actor(c), app, env, name, c.Param(transferParam)); err != nil {
		return err
	}
	return done(c, paths.Transfers(app, env, name), "flash.transfer_resumed")
}
