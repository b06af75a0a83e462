package handlers

import (
	"context"
	"math"
	"strconv"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/ui"
)

// reason says why something is refused, "" when it is not.
func reason(ctx context.Context, d models.Decision) string {
	if d.Allowed {
		return ""
	}
	return i18n.Text(i18n.Locale(ctx), d.Msg.Key, d.Msg.Args)
}

// number prints a count.
func number[T int | int64](n T) string {
	return message.NewPrinter(language.English).Sprintf("%d", n)
}

// size prints a number of bytes.
func size(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return number(bytes) + " B"
	case bytes < 1<<20:
		return strconv.FormatFloat(float64(bytes)/(1<<10), 'f', 1, 64) + " KB"
	case bytes < 1<<30:
		return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(bytes)/(1<<30), 'f', 1, 64) + " GB"
}

// percent prints a part of a whole that is not 0.
func percent(part, whole int64) string {
	share := 100 * float64(part) / float64(whole)
	if share < 0.1 {
		return "< 0.1%"
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + "%"
}

// version prints the number of a function's version, "" for none.
func version(n int) string {
	if n == 0 {
		return ""
	}
	return "v" + strconv.Itoa(n)
}

// duration prints milliseconds.
func duration(ms int64) string {
	if ms < time.Second.Milliseconds() {
		return number(ms) + " ms"
	}
	return (time.Duration(ms) * time.Millisecond).Round(10 * time.Millisecond).String()
}

func (h pages) day(t time.Time) string    { return t.In(h.zone).Format("2006-01-02") }
func (h pages) minute(t time.Time) string { return t.In(h.zone).Format("2006-01-02 15:04") }
func (h pages) second(t time.Time) string { return t.In(h.zone).Format("2006-01-02 15:04:05") }

// minuteOrNone is minute for a time that may be missing.
func (h pages) minuteOrNone(t *time.Time) string {
	if t == nil {
		return ""
	}
	return h.minute(*t)
}

// zoneName says in which time zone times are meant.
func (h pages) zoneName() string {
	offset := h.now().In(h.zone).Format("UTC-07:00")
	if name := h.zone.String(); name != "Local" && name != "UTC" {
		return name + " (" + offset + ")"
	}
	return offset
}

// shareState is a share's status as its tag shows it.
func (h pages) shareState(s models.Share, status models.ShareStatus) views.ShareState {
	state := views.ShareState{Status: status}
	if status == models.ShareActive && s.EndsSoon(h.now()) {
		state.EndsInDays = max(1, int(math.Ceil(s.Until.Sub(h.now()).Hours()/24)))
	}
	return state
}

// pagination is the foot of a list; address is the list without its page. Where a page
// behind the last one was asked for, the list shows the last one.
func pagination(ctx context.Context, address string, page models.PageRequest, total int64) ui.PaginationProps {
	p := ui.PaginationProps{}
	page = page.Within(total)
	if total > 0 {
		p.Text = i18n.T(ctx, "list.total", "total", number(total))
	}
	if page.Page > 1 {
		p.Prev = paths.Page(address, page.Page-1)
	}
	if int64(page.Offset()+page.Size) < total {
		p.Next = paths.Page(address, page.Page+1)
	}
	return p
}

// appRef names an app on a page of another one.
func appRef(a models.App, activated bool) views.AppRef {
	return views.AppRef{AppID: a.AppID, Name: a.Name, Kind: a.Kind, Activated: activated}
}
