package handlers

import (
	"bytes"
	"encoding/csv"
	"mime"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/web/session"
)

// download sends the figures as CSV, for spreadsheets: with a byte order mark, so
// that they read the texts as UTF-8. Ids and names of operations are the only
// texts, and none of them can be a formula.
func (h Statistics) download(c echo.Context) error {
	r, caller, err := requestedUsage(c)
	if err != nil {
		return err
	}
	env := c.Param(envParam)
	list, err := h.services.Statistics.Table(c.Request().Context(), session.Actor(c), c.Param(appParam), env, service.UsageQuery{Range: r, Caller: caller})
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	head := []string{i18n.T(ctx, "statistics.period"), i18n.T(ctx, "statistics.environment"), i18n.T(ctx, "statistics.caller"), i18n.T(ctx, "statistics.operation")}
	for _, key := range []string{"statistics.calls", "statistics.errors", "statistics.denied", "statistics.bytes"} {
		head = append(head, i18n.T(ctx, key))
	}
	_ = w.Write(append(head, "p50 (ms)", "p95 (ms)")) // into memory
	for _, row := range list {
		who := row.Caller
		switch {
		case row.Side == models.SideVisitor:
			who = i18n.T(ctx, "statistics.visitor_calls")
		case who == "":
			who = i18n.T(ctx, "statistics.other_callers")
		}
		_ = w.Write([]string{
			row.Period, env, who, string(row.Operation), plain(row.Calls), plain(row.Errors), plain(row.Denied), plain(row.Bytes), plain(half(row.Tally)), plain(most(row.Tally)),
		})
	}
	w.Flush()
	c.Response().Header().Set(echo.HeaderContentDisposition,
		mime.FormatMediaType("attachment", map[string]string{"filename": env + "-" + string(r) + ".csv"}))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// plain prints a figure for a programme, nothing for none.
func plain(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
