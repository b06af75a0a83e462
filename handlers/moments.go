package handlers

import (
	"context"
	"time"

	"envshare/internal/i18n"
	"envshare/views"
)

// moment is a time as lists tell it: how long ago, and exactly.
func (h pages) moment(ctx context.Context, t time.Time) *views.Moment {
	return &views.Moment{Text: h.ago(ctx, t), Exact: h.second(t), Value: t.UTC().Format(time.RFC3339)}
}

// momentOrNone is moment for a time that may be missing.
func (h pages) momentOrNone(ctx context.Context, t *time.Time) *views.Moment {
	if t == nil {
		return nil
	}
	return h.moment(ctx, *t)
}

// maxDaysAgo is how many days ago is still said in days; what is older, and what is
// to come, is a date.
const maxDaysAgo = 30

// ago says how long ago something was. Days are those of the console's zone.
func (h pages) ago(ctx context.Context, t time.Time) string {
	now := h.now().In(h.zone)
	passed := now.Sub(t)
	days := daysBetween(t.In(h.zone), now)
	switch {
	case passed < -time.Minute || days > maxDaysAgo:
		return h.day(t)
	case passed < time.Minute:
		return i18n.T(ctx, "ago.now")
	case passed < time.Hour:
		return counted(ctx, "ago.minute", "ago.minutes", int(passed.Minutes()))
	case days == 0:
		return counted(ctx, "ago.hour", "ago.hours", int(passed.Hours()))
	case days == 1:
		return i18n.T(ctx, "ago.yesterday")
	}
	return i18n.T(ctx, "ago.days", "count", days)
}

// daysBetween counts the midnights between two times of one zone.
func daysBetween(from, to time.Time) int {
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(to).Sub(midnight(from)) / (24 * time.Hour))
}

// counted is the text of one key for one of something, of another for several.
func counted(ctx context.Context, one, several string, n int) string {
	if n == 1 {
		return i18n.T(ctx, one, "count", n)
	}
	return i18n.T(ctx, several, "count", n)
}
