package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/functions"
	"envshare/views/ui"
	"envshare/web/render"
	"envshare/web/session"
)

// FunctionMonitoring is how a function does.
type FunctionMonitoring struct{ pages }

func (h FunctionMonitoring) show(c echo.Context) error {
	r, _, err := requestedUsage(c)
	if err != nil {
		return err
	}
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	report, err := h.services.Statistics.Function(ctx, session.Actor(c), app, env, f.Name, r)
	if err != nil {
		return err
	}
	all := service.Sum(report.Points, nil)
	page := functions.MonitoringPage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, f.Name, f.ActiveVersion),
		Ranges: ranges(ctx, paths.FunctionMonitoring(app, env, f.Name), r, ""), ByUTC: r != models.Range24Hours, Empty: all.Calls == 0,
		Calls: number(all.Calls), Errors: number(all.Errors), Durations: milliseconds(half(all)) + " / " + milliseconds(most(all)),
		Longest: milliseconds(all.LongestMS), Memory: size(all.MemoryBytes), Limit: number(f.MemoryMB) + " MB",
	}
	if page.Empty {
		return render.Page(c, http.StatusOK, functions.Monitoring(page))
	}
	labels := h.periodLabels(report.Periods, r)
	list := service.ByPeriod(report.Periods, r.Layout(), report.Points, nil)
	page.Charts = []ui.ChartProps{
		{ID: "runs", Label: i18n.T(ctx, "statistics.calls_over_time"), Kind: "line", Categories: labels, Series: []ui.ChartSeries{
			{Label: i18n.T(ctx, "statistics.calls"), Tone: ui.ToneOn, Values: figures(list, calls)},
			{Label: i18n.T(ctx, "statistics.errors"), Tone: ui.ToneDanger, Values: figures(list, failed)},
		}},
		h.durationChart(ctx, labels, list),
		{ID: "memory", Label: i18n.T(ctx, "monitoring.memory"), Kind: "line", Categories: labels, Series: []ui.ChartSeries{
			{Label: i18n.T(ctx, "monitoring.memory"), Tone: ui.ToneOn, Unit: "B", Values: figures(list, memory)},
		}},
	}
	return render.Page(c, http.StatusOK, functions.Monitoring(page))
}

// memory is the most that a run used, -1 without runs.
func memory(t models.Tally) int64 {
	if t.MemoryBytes == 0 {
		return -1
	}
	return t.MemoryBytes
}
