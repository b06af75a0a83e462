package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"envshare/web/session"
	"envshare/web/session/sessiontest"
)

// The id tells sessions apart; it must open none.
func TestIDNamesTheRecordAndOpensNothing(t *testing.T) {
	records := sessiontest.New(alice)
	e := echo.New()
	e.Use(session.Middleware(records, session.Config{}))
	e.POST("/in", func(c echo.Context) error {
		if id := session.ID(c); id != "" {
			t.Errorf("nobody has the session %q", id)
		}
		if err := session.SignIn(c, alice); err != nil {
			return err
		}
		return c.String(http.StatusOK, session.ID(c))
	})
	e.GET("/who", func(c echo.Context) error { return c.String(http.StatusOK, session.Actor(c).Username) })
	in := httptest.NewRecorder()
	e.ServeHTTP(in, httptest.NewRequest(http.MethodPost, "/in", nil))
	id := in.Body.String()
	if all := records.All(); len(all) != 1 || all[0].ID != id || id == "" {
		t.Fatalf("id %q, records %+v", id, all)
	}
	r := httptest.NewRequest(http.MethodGet, "/who", nil)
	r.AddCookie(&http.Cookie{Name: session.CookieName, Value: id})
	who := httptest.NewRecorder()
	e.ServeHTTP(who, r)
	if who.Body.String() != "" {
		t.Errorf("the id opens the session of %s", who.Body)
	}
}
