package models

import "time"

// UsageRange is how far back statistics look.
type UsageRange string

// The ranges.
const (
	Range24Hours  UsageRange = "24h"
	Range7Days    UsageRange = "7d"
	Range30Days   UsageRange = "30d"
	Range12Months UsageRange = "12m"
)

// UsageRanges returns the ranges in the order in which they are offered.
func UsageRanges() []UsageRange {
	return []UsageRange{Range24Hours, Range7Days, Range30Days, Range12Months}
}

// Known returns the range, or the usual one for a text that is none.
func (r UsageRange) Known() UsageRange {
	switch r {
	case Range24Hours, Range7Days, Range30Days, Range12Months:
		return r
	}
	return Range7Days
}

// Layouts of the periods that are counted and shown. Hours, days and months are
// those of UTC, and each text begins with that of the longer period around it.
const (
	HourLayout  = "2006-01-02T15"
	DayLayout   = time.DateOnly
	MonthLayout = "2006-01"
)

// Layout is how the range's periods are written.
func (r UsageRange) Layout() string {
	switch r.Known() {
	case Range24Hours:
		return HourLayout
	case Range12Months:
		return MonthLayout
	}
	return DayLayout
}

// Periods returns the periods of the range, the current one last.
func (r UsageRange) Periods(now time.Time) []time.Time {
	now = now.UTC()
	hour, day := now.Truncate(time.Hour), now.Truncate(24*time.Hour)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	n, at := 7, func(i int) time.Time { return day.AddDate(0, 0, -i) }
	switch r.Known() {
	case Range24Hours:
		n, at = 24, func(i int) time.Time { return hour.Add(-time.Duration(i) * time.Hour) }
	case Range30Days:
		n = 30
	case Range12Months:
		n, at = 12, func(i int) time.Time { return month.AddDate(0, -i, 0) }
	}
	out := make([]time.Time, n)
	for i := range out {
		out[i] = at(n - 1 - i)
	}
	return out
}
