package handlers

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/ui"
	"envshare/web/form"
)

// auditQuery is the part of an address that says what is looked for in a log.
type auditQuery struct {
	Group       string `query:"group"`
	Actor       string `query:"actor"`
	Environment string `query:"environment"`
	From        string `query:"from"`  // a day
	Until       string `query:"until"` // a day, which is included
	Subject     string `query:"subject"`
	// Older and Newer say where the page begins, as auditPlace writes it.
	Older string `query:"older"`
	Newer string `query:"newer"`
}

// bindAudit reads what is looked for. What cannot be meant is returned as messages
// beside the fields.
func (h pages) bindAudit(c echo.Context) (auditQuery, models.AuditFilter, views.Errors, error) {
	var q auditQuery
	if err := form.Bind(c, &q); err != nil {
		return q, models.AuditFilter{}, nil, err
	}
	errs := models.Fields{}
	f := models.AuditFilter{Group: models.AuditGroup(q.Group), Actor: q.Actor, EnvironmentID: q.Environment, Subject: q.Subject}
	f.From = h.parseDay(q.From, 0, errs, "from")
	f.Before = h.parseDay(q.Until, 1, errs, "until")
	return q, f, views.Errors(errs), nil
}

const dayLayout = "2006-01-02"

// parseDay reads the value of a date input as the beginning of that day, or of one
// some days later, in the console's time zone; nil for none.
func (h pages) parseDay(value string, later int, errs models.Fields, field string) *time.Time {
	if value == "" {
		return nil
	}
	day, err := time.ParseInLocation(dayLayout, value, h.zone)
	if err != nil {
		errs.Add(field, "error.date")
		return nil
	}
	day = day.AddDate(0, 0, later).UTC()
	return &day
}

// page is the page that is asked for. A place that nobody wrote is the beginning.
func (q auditQuery) page(f models.AuditFilter) service.AuditPage {
	p := service.AuditPage{Filter: f, From: parseAuditPlace(q.Older)}
	if newer := parseAuditPlace(q.Newer); newer != nil {
		p.From, p.Newer = newer, true
	}
	return p
}

// filtered reports whether anything is looked for.
func (q auditQuery) filtered() bool {
	return q.Group+q.Actor+q.Environment+q.From+q.Until+q.Subject != ""
}

// address is a log with what is looked for; names and values that are not empty
// are added.
func (q auditQuery) address(log string, namesAndValues ...string) string {
	values := url.Values{}
	pairs := append([]string{
		"group", q.Group, "actor", q.Actor, "environment", q.Environment, "from", q.From, "until", q.Until, "subject", q.Subject,
	}, namesAndValues...)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return log
	}
	return log + "?" + values.Encode()
}

func (q auditQuery) pagination(ctx context.Context, log string, found service.FoundEvents) ui.PaginationProps {
	p := ui.PaginationProps{}
	switch {
	case found.Total >= service.MaxAuditCount:
		p.Text = i18n.T(ctx, "audit.total_more", "total", number(found.Total))
	case found.Total > 0:
		p.Text = i18n.T(ctx, "list.total", "total", number(found.Total))
	}
	if found.Newer != nil {
		p.Prev = q.address(log, "newer", auditPlace(*found.Newer))
	}
	if found.Older != nil {
		p.Next = q.address(log, "older", auditPlace(*found.Older))
	}
	return p
}

// auditPlace writes a place in a log for an address.
func auditPlace(c models.AuditCursor) string {
	return strconv.FormatInt(c.At.UnixMilli(), 10) + "." + c.ID
}

func parseAuditPlace(text string) *models.AuditCursor {
	at, id, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(id) == 0 || len(id) > 26 || ms < 0 || ms > 1<<45 {
		return nil
	}
	return &models.AuditCursor{At: time.UnixMilli(ms).UTC(), ID: id}
}
