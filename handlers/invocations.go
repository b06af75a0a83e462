package handlers

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/functions"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Invocations are the runs of a function, with what they wrote to the console.
type Invocations struct{ pages }

// logsQuery chooses runs.
type logsQuery struct {
	Status string `query:"status"`
	ID     string `query:"id"`
	Text   string `query:"q"`
	Paused bool   `query:"paused"`
	Since  string `query:"since"`
	Page   int    `query:"page"`
}

// failedStatus chooses every run that did not succeed.
const failedStatus = "not_ok"

func (q logsQuery) filter() models.InvocationFilter {
	f := models.InvocationFilter{Status: models.InvocationStatus(q.Status), RequestID: q.ID, Text: q.Text}
	if q.Status == failedStatus {
		f.Status, f.Failed = "", true
	}
	return f.Clamped()
}

// noRun stands for the newest run of a function that was never called.
const noRun = "none"

func (h Invocations) index(c echo.Context) error {
	var q logsQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx, app, env, since := c.Request().Context(), p.App.AppID, p.environmentID(), ""
	if render.WantsFragment(c) {
		since = q.Since
	}
	filter, request := q.filter(), models.PageRequest{Page: q.Page}.Clamped()
	found, err := h.services.Functions.Logs(ctx, session.Actor(c), app, env, f.Name, since, filter, request)
	if err != nil {
		return err
	}
	newest := cmp.Or(found.Newest, noRun)
	if since == newest {
		return c.NoContent(http.StatusNoContent) // nothing came: the page stays as it is
	}
	page := h.page(c, p, f, q, filter)
	page.Base = h.base(c, p, tabFunctions)
	chosen := paths.LogQuery{Status: q.Status, RequestID: filter.RequestID, Text: filter.Text}
	page.Follow(request.Page == 1 && !q.Paused, chosen, newest)
	chosen.Paused = q.Paused
	page.Pagination = pagination(ctx, paths.Logs(app, env, f.Name, chosen), request, found.Total)
	for _, i := range found.Runs {
		page.Runs = append(page.Runs, h.logRow(ctx, i))
	}
	return render.Page(c, http.StatusOK, functions.Logs(page))
}

func (h Invocations) page(c echo.Context, p place, f models.Function, q logsQuery, filter models.InvocationFilter) functions.LogsPage {
	ctx := c.Request().Context()
	page := functions.LogsPage{
		Head: h.head(ctx, p, f.Name, f.ActiveVersion), RequestID: filter.RequestID, Text: filter.Text, Paused: q.Paused,
		Statuses: []ui.Option{
			{Label: i18n.T(ctx, "logs.any_status")},
			{Value: failedStatus, Label: i18n.T(ctx, "logs.not_ok"), Selected: filter.Failed},
		},
		Filtered: filter != models.InvocationFilter{},
	}
	if filter.Text != "" {
		page.Searched = i18n.T(ctx, "logs.searched", "count", number(models.SearchedInvocations))
	}
	for _, s := range models.InvocationStatuses() {
		page.Statuses = append(page.Statuses, ui.Option{Value: string(s), Label: i18n.T(ctx, statusKey(s)), Selected: s == filter.Status})
	}
	return page
}

// shownLines is how many lines of a run's console output the list shows.
const shownLines = 12

func (h Invocations) logRow(ctx context.Context, i models.Invocation) functions.LogRow {
	row := functions.LogRow{
		ID: i.ID, OK: i.Status == models.InvocationOK, Status: statusKey(i.Status), When: h.second(i.StartedAt), Cold: i.Cold,
		Duration: duration(i.DurationMS), Memory: size(i.MemoryBytes), Version: version(i.Version), Source: invocationSource(ctx, i),
	}
	row.Error, _, _ = strings.Cut(i.Error, "\n")
	lines := h.logLines(i)
	if len(lines) > shownLines {
		lines, row.More = lines[:shownLines], true
	}
	row.Lines = lines
	return row
}

// logLines reads what a run wrote to the console: lines "time stream text" with a
// time of day in UTC, where a text may have line breaks of its own.
func (h pages) logLines(i models.Invocation) []functions.LogLine {
	var lines []functions.LogLine
	for line := range strings.SplitSeq(strings.TrimRight(i.Logs, "\n"), "\n") {
		parts := strings.SplitN(line, " ", 3)
		if len(parts) == 3 && (parts[1] == "stdout" || parts[1] == "stderr") {
			lines = append(lines, functions.LogLine{Time: h.clock(i.StartedAt, parts[0]), Error: parts[1] == "stderr", Text: parts[2]})
			continue
		}
		if line != "" || len(lines) > 0 {
			lines = append(lines, functions.LogLine{Text: line})
		}
	}
	return lines
}

// clock prints a time of day in UTC in the zone of the console.
func (h pages) clock(day time.Time, stamp string) string {
	t, err := time.Parse("2006-01-02 15:04:05.000", day.UTC().Format(time.DateOnly)+" "+stamp)
	if err != nil {
		return stamp
	}
	return t.In(h.zone).Format("15:04:05.000")
}

func (h Invocations) show(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	i, err := h.services.Functions.Invocation(ctx, session.Actor(c), p.App.AppID, p.environmentID(), f.Name, c.Param(invocationParam))
	if err != nil {
		return err
	}
	result := h.runResult(ctx, i)
	if err := h.explainRun(c, p, i, &result); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, functions.InvocationShow(functions.InvocationShowPage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, f.Name, f.ActiveVersion),
		When: h.second(i.StartedAt), Source: invocationSource(ctx, i), Ran: version(i.Version), Result: result,
	}))
}

// statusKey is how an invocation ended, as a key of the catalogues.
func statusKey(s models.InvocationStatus) string {
	switch s {
	case models.InvocationOK:
		return "invocation_status.success"
	case models.InvocationTooLarge:
		return "invocation_status.result_too_large"
	}
	return "invocation_status." + string(s)
}

// invocationSource says where an invocation came from.
func invocationSource(ctx context.Context, i models.Invocation) string {
	return i18n.T(ctx, "invocation_source."+string(i.Trigger), "app", i.CallerAppID)
}
