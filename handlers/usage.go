package handlers

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/ui"
	"envshare/web/form"
)

// usageForm says which figures are asked for.
type usageForm struct {
	Range  string `query:"range"`
	Caller string `query:"caller"`
}

// requestedUsage returns the range and the caller that are asked for.
func requestedUsage(c echo.Context) (models.UsageRange, string, error) {
	var f usageForm
	err := form.Bind(c, &f)
	return models.UsageRange(f.Range).Known(), f.Caller, err
}

// ranges are the choices of a range at an address.
func ranges(ctx context.Context, address string, active models.UsageRange, caller string) []ui.Segment {
	var out []ui.Segment
	for _, r := range models.UsageRanges() {
		out = append(out, ui.Segment{
			Label: i18n.T(ctx, "usage_range."+string(r)), Href: paths.Usage(address, string(r), caller), Active: r == active,
		})
	}
	return out
}

// periodLabels are periods as they are shown: hours in the console's time zone,
// days and months as they are counted, by UTC.
func (h pages) periodLabels(periods []time.Time, r models.UsageRange) []string {
	out := make([]string, len(periods))
	for i, t := range periods {
		switch r.Layout() {
		case models.HourLayout:
			out[i] = t.In(h.zone).Format("01-02 15:04")
		case models.MonthLayout:
			out[i] = t.Format("2006-01")
		default:
			out[i] = t.Format("01-02")
		}
	}
	return out
}

// figures takes one figure out of every tally.
func figures(list []models.Tally, one func(models.Tally) int64) []int64 {
	out := make([]int64, len(list))
	for i, t := range list {
		out[i] = one(t)
	}
	return out
}

// The figures of a tally that are shown.
func calls(t models.Tally) int64  { return t.Calls }
func failed(t models.Tally) int64 { return t.Errors }
func half(t models.Tally) int64   { return t.Percentile(0.5) }
func most(t models.Tally) int64   { return t.Percentile(0.95) }

// milliseconds prints a duration that may be none.
func milliseconds(ms int64) string {
	if ms < 0 {
		return unknownCount
	}
	return duration(ms)
}
