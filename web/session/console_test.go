package session_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/web/session"
	"envshare/web/session/sessiontest"
)

var (
	alice = models.User{ID: "u-alice", Username: "alice", Operator: true}
	bob   = models.User{ID: "u-bob", Username: "bob"}
)

// console is a running server with sessions, and a browser's jar before it.
type console struct {
	t       *testing.T
	clock   *sessiontest.Clock
	records *sessiontest.Records
	server  *httptest.Server
	client  *http.Client
	// slow is what /slow waits for, entered is told that it began.
	slow, entered chan struct{}
}

func newConsole(t *testing.T) *console {
	t.Helper()
	clock := sessiontest.NewClock()
	k := &console{
		t: t, clock: clock, records: sessiontest.New(alice, bob),
		slow: make(chan struct{}), entered: make(chan struct{}, 1),
	}
	e := echo.New()
	e.Use(session.Middleware(k.records, session.Config{Now: clock.Now}))
	k.routes(e)
	k.server = httptest.NewServer(e)
	t.Cleanup(k.server.Close)
	k.client = k.browser()
	return k
}

func (k *console) routes(e *echo.Echo) {
	e.POST("/in/:user", func(c echo.Context) error {
		user := map[string]models.User{"alice": alice, "bob": bob}[c.Param("user")]
		if err := session.SignIn(c, user); err != nil {
			return err
		}
		session.Flash(c, "success", "login.welcome", "name", user.Username)
		return c.Redirect(http.StatusSeeOther, "/me")
	})
	e.POST("/out", func(c echo.Context) error {
		if err := session.SignOut(c); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	e.POST("/flash/:n", func(c echo.Context) error {
		session.Flash(c, "warning", "saved", "n", c.Param("n"))
		return c.NoContent(http.StatusNoContent)
	})
	e.GET("/me", func(c echo.Context) error { return c.String(http.StatusOK, session.Actor(c).Username) })
	e.GET("/actor", func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, "r-1")
		return c.JSON(http.StatusOK, session.Actor(c))
	})
	e.GET("/flashes", func(c echo.Context) error { return c.JSON(http.StatusOK, session.Flashes(c)) })
	e.POST("/slow/flash", func(c echo.Context) error {
		k.wait()
		session.Flash(c, "success", "slow.done")
		return c.NoContent(http.StatusNoContent)
	})
	e.POST("/slow/show", func(c echo.Context) error {
		shown := session.Flashes(c)
		k.wait()
		return c.JSON(http.StatusOK, shown)
	})
	private := e.Group("/private", session.Required)
	private.GET("/page", func(c echo.Context) error { return c.String(http.StatusOK, "page") })
	private.POST("/page", func(c echo.Context) error { return c.String(http.StatusOK, "changed") })
}

func (k *console) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		k.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

func (k *console) do(method, path string, headers ...string) answer {
	k.t.Helper()
	return k.doAs(k.client, method, path, headers...)
}

func (k *console) doAs(client *http.Client, method, path string, headers ...string) answer {
	k.t.Helper()
	r, err := http.NewRequest(method, k.server.URL+path, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return answer{res, string(body)}
}

// wait holds a request until the test lets it go on.
func (k *console) wait() {
	k.entered <- struct{}{}
	<-k.slow
}

// during does something while the request to a slow path runs.
func (k *console) during(path string, do func()) {
	k.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		res, err := k.client.Post(k.server.URL+path, "", nil)
		if err != nil {
			k.t.Error(err)
			return
		}
		_ = res.Body.Close()
	}()
	<-k.entered
	do()
	close(k.slow)
	<-done
}

// me returns who the server takes the browser for, "" for nobody.
func (k *console) me() string {
	k.t.Helper()
	return k.do("GET", "/me").body
}

func (k *console) cookie() string {
	k.t.Helper()
	u, err := url.Parse(k.server.URL)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, c := range k.client.Jar.Cookies(u) {
		if c.Name == session.CookieName {
			return c.Value
		}
	}
	return ""
}

func (k *console) flashes() []session.Message {
	k.t.Helper()
	a := k.do("GET", "/flashes")
	var out []session.Message
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		k.t.Fatalf("%v in %q", err, a.body)
	}
	return out
}

// sessionCookies returns the lines that set the session cookie.
func (a answer) sessionCookies() []string {
	var lines []string
	for _, c := range a.Cookies() {
		if c.Name == session.CookieName {
			lines = append(lines, c.Raw)
		}
	}
	return lines
}
