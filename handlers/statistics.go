package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/ui"
	"envshare/views/usage"
	"envshare/web/render"
	"envshare/web/session"
)

// Statistics are what was called in an environment.
type Statistics struct{ pages }

func (h Statistics) show(c echo.Context) error {
	r, caller, err := requestedUsage(c)
	if err != nil {
		return err
	}
	p, err := h.open(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	report, err := h.services.Statistics.Report(ctx, session.Actor(c), app, env, service.UsageQuery{Range: r, Caller: caller})
	if err != nil {
		return err
	}
	address, all := paths.Statistics(app, env), service.Sum(report.Points, nil)
	page := usage.StatisticsPage{
		Base: h.base(c, p, tabStatistics), AppID: app, EnvID: env, Range: string(r), Borrowed: report.View.Borrowed(),
		Ranges: ranges(ctx, address, r, caller), TableHref: paths.Usage(paths.StatisticsTable(app, env), string(r), caller), ByUTC: r != models.Range24Hours,
		Empty: all.Calls == 0 && all.Denied == 0, Calls: number(all.Calls), Errors: number(all.Errors), Denied: number(all.Denied), P95: milliseconds(most(all)),
		Collections: number(report.Size.Collections), Documents: number(report.Size.Documents), Files: number(report.Size.Files), Bytes: size(report.Size.Bytes),
		Operations: operationRows(ctx, report), Callers: h.callerRows(ctx, p, report, r),
	}
	if shown := len(page.Callers); int64(shown) < report.CallerCount {
		page.MoreCallers = i18n.T(ctx, "statistics.more_callers", "shown", shown, "total", number(report.CallerCount))
	}
	if caller != "" {
		page.Caller, page.AllHref = callerName(ctx, report.Apps, caller), paths.Usage(address, string(r), "")
	}
	if all.Denied > 0 {
		page.DeniedHref = denialsIn(p, caller)
	}
	if !page.Empty {
		page.Charts = h.usageCharts(ctx, report, r)
	}
	return render.Page(c, http.StatusOK, usage.Statistics(page))
}

// side is how calls of one side are drawn.
type side struct {
	of    models.UsageSide
	label string // key of the catalogues
	tone  ui.Tone
}

// sides are the sides of a view: for the owner of an environment what borrowers
// do is violet, for a borrower what it does itself.
func sides(v models.EnvironmentView) []side {
	if v.Borrowed() {
		return []side{{models.SideSelf, "statistics.this_app", ui.ToneLent}, {models.SideOthers, "statistics.other_callers", ui.TonePlain}}
	}
	return []side{
		{models.SideSelf, "statistics.own_calls", ui.ToneOn}, {models.SideOthers, "statistics.borrowed_calls", ui.ToneLent},
		{models.SideVisitor, "statistics.visitor_calls", ui.TonePlain},
	}
}

// is selects the points of a side; for a borrower visitors are among the others.
func (s side) is(v models.EnvironmentView) func(models.UsagePoint) bool {
	return func(p models.UsagePoint) bool {
		return p.Side == s.of || v.Borrowed() && s.of == models.SideOthers && p.Side == models.SideVisitor
	}
}

func (h Statistics) usageCharts(ctx context.Context, report service.UsageReport, r models.UsageRange) []ui.ChartProps {
	labels, layout := h.periodLabels(report.Periods, r), r.Layout()
	over := ui.ChartProps{ID: "calls-over-time", Label: i18n.T(ctx, "statistics.calls_over_time"), Kind: "line", Categories: labels}
	by := ui.ChartProps{ID: "calls-by-operation", Label: i18n.T(ctx, "statistics.by_operation"), Kind: "bar"}
	for _, op := range models.CountedOperations() {
		by.Categories = append(by.Categories, i18n.T(ctx, op.MessageKey()))
	}
	for _, s := range sides(report.View) {
		is := s.is(report.View)
		if sum := service.Sum(report.Points, is); sum.Calls == 0 && s.of != models.SideSelf {
			continue
		}
		list := service.ByPeriod(report.Periods, layout, report.Points, is)
		over.Series = append(over.Series, ui.ChartSeries{Label: i18n.T(ctx, s.label), Tone: s.tone, Values: figures(list, calls)})
		bars := ui.ChartSeries{Label: i18n.T(ctx, s.label), Tone: s.tone}
		for _, op := range models.CountedOperations() {
			sum := service.Sum(report.Points, func(p models.UsagePoint) bool { return is(p) && p.Operation == op })
			bars.Values = append(bars.Values, sum.Calls)
		}
		by.Series = append(by.Series, bars)
	}
	list := service.ByPeriod(report.Periods, layout, report.Points, nil)
	failures := ui.ChartProps{ID: "failures-over-time", Label: i18n.T(ctx, "statistics.failures_over_time"), Kind: "bar", Categories: labels, Series: []ui.ChartSeries{
		{Label: i18n.T(ctx, "statistics.errors"), Tone: ui.ToneDanger, Values: figures(list, failed)},
		{Label: i18n.T(ctx, "statistics.denied"), Tone: ui.ToneWarn, Values: figures(list, func(t models.Tally) int64 { return t.Denied })},
	}}
	return []ui.ChartProps{over, by, failures, h.durationChart(ctx, labels, list)}
}

// durationChart shows how long functions ran.
func (h pages) durationChart(ctx context.Context, labels []string, list []models.Tally) ui.ChartProps {
	return ui.ChartProps{ID: "durations", Label: i18n.T(ctx, "statistics.durations"), Kind: "line", Categories: labels, Series: []ui.ChartSeries{
		{Label: "p50", Tone: ui.ToneOn, Unit: "ms", Values: figures(list, half)}, {Label: "p95", Tone: ui.ToneWarn, Unit: "ms", Values: figures(list, most)},
	}}
}

func operationRows(ctx context.Context, report service.UsageReport) []usage.UsageRow {
	var out []usage.UsageRow
	for _, op := range models.CountedOperations() {
		t := service.Sum(report.Points, func(p models.UsagePoint) bool { return p.Operation == op })
		row := usageRow(i18n.T(ctx, op.MessageKey()), t)
		if op == models.FunctionsInvoke {
			row.P50, row.P95 = milliseconds(half(t)), milliseconds(most(t))
		}
		if op == models.StorageRead || op == models.StorageWrite {
			row.Bytes = size(t.Bytes)
		}
		out = append(out, row)
	}
	return out
}

func usageRow(name string, t models.Tally) usage.UsageRow {
	return usage.UsageRow{
		Name: name, Calls: number(t.Calls), Errors: number(t.Errors), Denied: number(t.Denied), P50: unknownCount, P95: unknownCount, Bytes: unknownCount,
	}
}

func (h Statistics) callerRows(ctx context.Context, p place, report service.UsageReport, r models.UsageRange) []usage.UsageRow {
	var out []usage.UsageRow
	for _, caller := range report.Callers {
		row := usageRow(callerName(ctx, report.Apps, caller.AppID), caller.Tally)
		row.P50, row.P95, row.Bytes = milliseconds(half(caller.Tally)), milliseconds(most(caller.Tally)), size(caller.Bytes)
		if caller.AppID != "" {
			row.ID, row.Borrowed = caller.AppID, caller.AppID != p.opened.View.Environment.AppID
			row.Href = paths.Usage(paths.Statistics(p.App.AppID, p.environmentID()), string(r), caller.AppID)
		}
		out = append(out, row)
	}
	return out
}

// callerName names an app that called; one that is gone has its AppID alone.
func callerName(ctx context.Context, apps map[string]models.App, appID string) string {
	if appID == "" {
		return i18n.T(ctx, "statistics.visitor_calls")
	}
	if app, known := apps[appID]; known {
		return app.Name
	}
	return appID
}
