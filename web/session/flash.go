package session

import (
	"fmt"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"envshare/models"
)

// Message says what just happened; it is shown once, on the next page.
type Message struct {
	Kind string     // success, warning or error
	Msg  models.Msg // its values are text
}

// data is what a record keeps.
type data struct {
	Flashes []Message `json:"flashes,omitempty"`
}

// Bounds of the kept messages, so that a record stays below its 16 KiB: how many
// there are, and how many characters a value has.
const (
	maxFlashes    = 8
	maxFlashValue = 200
)

// Flash keeps a message for the next page that the person sees: its kind, and
// its key and placeholder values of the catalogues, never an error's text.
// Somebody who is not signed in has nowhere to keep it, and it is dropped.
func Flash(c echo.Context, kind, key string, namesAndValues ...any) {
	st := of(c)
	if st == nil || st.gs.IsNew {
		return
	}
	msg := models.M(key, namesAndValues...)
	for name, value := range msg.Args {
		text := []rune(fmt.Sprint(value))
		if len(text) > maxFlashValue {
			text = append(text[:maxFlashValue-1], '…')
		}
		msg.Args[name] = string(text)
	}
	st.gs.AddFlash(Message{Kind: kind, Msg: msg})
	st.changed = true
}

// Flashes returns the kept messages, oldest first, and forgets them.
func Flashes(c echo.Context) []Message {
	st := of(c)
	if st == nil {
		return nil
	}
	out := flashesOf(st.gs)
	if len(out) > 0 {
		st.gs.Flashes()
		st.changed, st.shown = true, true
	}
	return out
}

// flashesOf returns the messages of a session, and keeps them.
func flashesOf(gs *sessions.Session) []Message {
	kept := gs.Flashes()
	out := make([]Message, 0, len(kept))
	for _, f := range kept {
		gs.AddFlash(f)
		if m, ok := f.(Message); ok {
			out = append(out, m)
		}
	}
	return out
}

// setFlashes replaces the messages of a session by the last few of list.
func setFlashes(gs *sessions.Session, list []Message) {
	gs.Flashes()
	for _, m := range list[max(0, len(list)-maxFlashes):] {
		gs.AddFlash(m)
	}
}
