package render

import (
	"github.com/labstack/echo/v4"

	"envshare/views"
)

const frameKey = "envshare.frame"

// Frame is where the page of a failed request stands: the app's switchers and
// tabs, and the way back to it. Nav is nil where there is none.
type Frame struct {
	Nav     *views.Nav
	AppHref string
	WhyHref string // explains a refusal, "" where there is nothing to explain
}

// SetFrame says what an error page of this request stands in. make is called for
// such a page alone.
func SetFrame(c echo.Context, make func() Frame) { c.Set(frameKey, make) }

// FrameOf returns what an error page of this request stands in.
func FrameOf(c echo.Context) Frame {
	make, ok := c.Get(frameKey).(func() Frame)
	if !ok {
		return Frame{}
	}
	return make()
}

// Whole tells htmx to show an answer as a page of its own: whatever part was asked
// for, the page has none of it, and a dialog that is open would hide it. Call it
// for a request that wants a fragment and gets another page.
func Whole(c echo.Context) {
	if !WantsFragment(c) {
		return
	}
	h := c.Response().Header()
	h.Set("HX-Retarget", "body")
	h.Set("HX-Reswap", "innerHTML")
	h.Set("HX-Reselect", "unset")
}
