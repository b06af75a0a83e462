package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/web/render"
)

// lost shows what somebody changed of a function that was deleted while they
// deployed it: the working copy that was read before is all that is left.
func (h FunctionDraft) lost(c echo.Context, p place, w service.WorkingCopy, err error) error {
	page := functions.LostPage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(), Name: w.Function.Name,
		Errors: views.Errors{"code": models.MsgOf(err)},
	}
	ctx := c.Request().Context()
	for _, f := range w.Files {
		if f.State == "" {
			continue
		}
		file := functions.LostFile{Path: f.Path, Kind: "diff." + string(f.State)}
		switch {
		case f.State == service.FileRemoved:
			file.Note = i18n.T(ctx, "function_lost.removed")
		case !service.IsText(f.Data):
			file.Note = i18n.T(ctx, "function_lost.binary", "size", size(int64(len(f.Data))))
		default:
			file.Content = string(f.Data)
		}
		page.Files = append(page.Files, file)
	}
	return render.Page(c, http.StatusConflict, functions.Lost(page))
}
