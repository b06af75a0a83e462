package handlers

import (
	"context"
	"encoding/csv"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/audit"
	"envshare/web/session"
)

// byteOrderMark tells spreadsheets that a file is UTF-8.
const byteOrderMark = "\ufeff"

// exportAudit answers with a log as CSV, with the filters of its page. The file is
// written while it is read; where it does not hold all, its last row says so.
func (h pages) exportAudit(c echo.Context, r auditReader, app string) error {
	_, filter, errs, err := h.bindAudit(c)
	if err != nil {
		return err
	}
	if len(errs) > 0 {
		return models.Fields(errs).Err()
	}
	ctx, begun := c.Request().Context(), false
	w := csv.NewWriter(c.Response())
	more, err := h.services.Audit.Export(ctx, session.Actor(c), app, filter, func(events []models.AuditEvent, apps map[string]models.App) error {
		if !begun {
			begun = true
			if err := h.beginCSV(c, w); err != nil {
				return err
			}
		}
		r.apps = apps
		for _, e := range events {
			if err := w.Write(safeCells(r.record(ctx, e))); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	})
	switch {
	case !begun:
		return err
	case err != nil:
		_ = w.Write([]string{i18n.T(ctx, "audit.export_broken")})
	case more:
		_ = w.Write([]string{i18n.T(ctx, "audit.export_more", "max", number(int64(service.MaxAuditExport)))})
	}
	w.Flush()
	return err
}

// beginCSV sends the head of the answer and the names of the columns.
func (h pages) beginCSV(c echo.Context, w *csv.Writer) error {
	name := "audit-" + h.now().In(h.zone).Format(dayLayout) + ".csv"
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Response().WriteHeader(http.StatusOK)
	if _, err := c.Response().Write([]byte(byteOrderMark)); err != nil {
		return err
	}
	ctx := c.Request().Context()
	var columns []string
	for _, key := range []string{
		"audit.when", "audit.actor", "audit.via", "audit.ip", "audit.group", "audit.what", "audit.environment", "audit.subject",
		"audit.changes", "audit.other_side", "audit.request_id", "audit.event_id",
	} {
		columns = append(columns, i18n.T(ctx, key))
	}
	return w.Write(columns)
}

// record is an event as a row.
func (r auditReader) record(ctx context.Context, e models.AuditEvent) []string {
	row := r.row(ctx, e)
	var changes []string
	for _, change := range e.Changes() {
		changes = append(changes, differenceText(ctx, r.difference(ctx, change)))
	}
	return []string{
		e.At.In(r.zone).Format(time.RFC3339), row.Actor, row.Via, row.IP, row.Group, row.Sentence, e.EnvironmentID, e.Subject,
		strings.Join(changes, "; "), row.OtherSide, e.RequestID, e.ID,
	}
}

// differenceText is a difference in one line.
func differenceText(ctx context.Context, d audit.Difference) string {
	if !d.List {
		return d.Label + ": " + orNone(ctx, d.Before) + " → " + orNone(ctx, d.After)
	}
	var parts []string
	for _, item := range d.Removed {
		parts = append(parts, "- "+item)
	}
	for _, item := range d.Added {
		parts = append(parts, "+ "+item)
	}
	return d.Label + ": " + strings.Join(parts, ", ")
}

func orNone(ctx context.Context, text string) string {
	if text == "" {
		return i18n.T(ctx, "audit.none")
	}
	return text
}

// formula finds where a spreadsheet could see one: at the beginning of a cell, also
// of one that it makes itself because it separates at other characters.
var formula = regexp.MustCompile(`(^|[;|\t\r\n])\s*[=+\-@\t\r＝＋－＠]`)

// safeCells keeps spreadsheets from running what people named something: what
// would be a formula is begun with an apostrophe.
func safeCells(cells []string) []string {
	for i, cell := range cells {
		cells[i] = formula.ReplaceAllStringFunc(cell, func(found string) string {
			if strings.ContainsRune(";|\t\r\n", rune(found[0])) && len(found) > 1 {
				return found[:1] + "'" + found[1:]
			}
			return "'" + found
		})
	}
	return cells
}
