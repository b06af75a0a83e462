package handlers

import (
	"context"
	"testing"
	"time"

	"envshare/internal/i18n"
)

func TestAgo(t *testing.T) {
	shanghai := time.FixedZone("UTC+8", 8*60*60)
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, shanghai)
	h := pages{zone: shanghai, now: func() time.Time { return now }}
	for _, c := range []struct {
		before time.Duration
		zh, en string
	}{
		{-30 * time.Second, "刚刚", "just now"}, // of a clock that is ahead
		{-time.Hour, "2026-11-22", "2026-11-22"},
		{0, "刚刚", "just now"},
		{59 * time.Second, "刚刚", "just now"},
		{time.Minute, "1 分钟前", "1 minute ago"},
		{59*time.Minute + 59*time.Second, "59 分钟前", "59 minutes ago"},
		{time.Hour, "1 小时前", "1 hour ago"},
		{9 * time.Hour, "9 小时前", "9 hours ago"},
		{9*time.Hour + 31*time.Minute, "昨天", "yesterday"}, // 23:59 in the console's zone
		{33 * time.Hour, "昨天", "yesterday"},
		{34 * time.Hour, "2 天前", "2 days ago"},
		{30 * 24 * time.Hour, "30 天前", "30 days ago"},
		{31 * 24 * time.Hour, "2026-10-22", "2026-10-22"},
	} {
		for locale, want := range map[string]string{i18n.Chinese: c.zh, i18n.English: c.en} {
			if got := h.ago(i18n.WithLocale(context.Background(), locale), now.Add(-c.before)); got != want {
				t.Errorf("%s before, %s: %q, want %q", c.before, locale, got, want)
			}
		}
	}
}
