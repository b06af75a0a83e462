package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/models"
	"envshare/views/signin"
	"envshare/web"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
	"envshare/web/session/sessiontest"
)

var alice = models.User{ID: "u-alice", Username: "alice"}

// secret is what no answer may ever hold.
const secret = "dial tcp 10.0.0.7: password=hunter2"

var files = fstest.MapFS{
	"css/app.css":           {Data: []byte("body{}" + strings.Repeat("/* rule */", 400))},
	"js/app.js":             {Data: []byte("'use strict';")},
	"js/upload.js":          {Data: []byte("'use strict';")},
	"js/editor.js":          {Data: []byte("'use strict'; // editor")},
	"js/vendor/htmx.min.js": {Data: []byte("var htmx;")},
	"icons/favicon.svg":     {Data: []byte("<svg/>")},
}

// syncBuffer is a log that may be read while the server writes it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// console is a running shell with a few pages on it, and a browser before it.
type console struct {
	t       *testing.T
	echo    *echo.Echo
	server  *httptest.Server
	client  *http.Client
	records *sessiontest.Records
	log     *syncBuffer
	ready   error
	chosen  []string // what SetLanguage was told
}

func newConsole(t *testing.T, config web.Config) *console {
	t.Helper()
	clock := sessiontest.NewClock()
	k := &console{t: t, records: sessiontest.New(alice), log: &syncBuffer{}}
	e, err := web.New(config, web.Deps{
		Sessions: k.records,
		Static:   files,
		Ready:    func(context.Context) error { return k.ready },
		SetLanguage: func(_ context.Context, actor models.Actor, language string) error {
			k.chosen = append(k.chosen, actor.UserID+" "+language)
			return nil
		},
		Logger: slog.New(slog.NewTextHandler(k.log, nil)),
		Now:    clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	k.echo = e
	routes(e)
	k.server = httptest.NewServer(e)
	t.Cleanup(k.server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	k.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return k
}

func markup(s string, err error) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if _, failed := io.WriteString(w, s); failed != nil {
			return failed
		}
		return err
	})
}

func routes(e *echo.Echo) {
	page := func(c echo.Context) error {
		return render.Page(c, http.StatusOK, signin.Login(signin.LoginPage{Base: render.Base(c, "login.title"), Next: form.Next(c)}))
	}
	e.GET("/login", page)
	e.POST("/login", func(c echo.Context) error {
		if err := session.SignIn(c, alice); err != nil {
			return err
		}
		session.Flash(c, "success", "error.too_long", "max", 7)
		return render.Redirect(c, form.Next(c))
	})
	e.POST("/logout", func(c echo.Context) error {
		if err := session.SignOut(c); err != nil {
			return err
		}
		return render.Redirect(c, "/login")
	})
	e.GET("/part", func(c echo.Context) error {
		return render.Fragment(c, http.StatusOK, markup("<html>whole</html>", nil), markup("<p>part</p>", nil))
	})
	e.GET("/broken", func(c echo.Context) error {
		c.Response().Header().Set("Content-Disposition", "attachment")
		return render.Page(c, http.StatusOK, markup("<p>half", errors.New(secret)))
	})
	e.GET("/panic", func(echo.Context) error { panic(secret) })
	e.GET("/fails/:code", func(c echo.Context) error {
		return models.E(models.Code(c.Param("code")), "error.too_long", "max", 41).Wrap(errors.New(secret))
	})
	e.GET("/foreign", func(echo.Context) error { return errors.New(secret) })
	e.GET("/fields", func(echo.Context) error {
		f := models.Fields{}
		f.Add("name", "error.required")
		return f.Err()
	})
	e.GET("/locale", func(c echo.Context) error { return c.String(http.StatusOK, i18n.Locale(c.Request().Context())) })
	e.GET("/ip", func(c echo.Context) error { return c.String(http.StatusOK, session.Actor(c).IP) })
	e.GET("/setup/:token", func(c echo.Context) error { return c.String(http.StatusOK, "set up") })
	e.POST("/upload", func(c echo.Context) error {
		file, err := c.FormFile("file")
		if err != nil {
			return models.E(models.CodeInvalid, "error.required").Wrap(err)
		}
		return c.String(http.StatusOK, file.Filename)
	})
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

func (a answer) document(t *testing.T) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (k *console) send(r *http.Request, headers ...string) answer {
	k.t.Helper()
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := k.client.Do(r)
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

func (k *console) request(method, path string, body io.Reader) *http.Request {
	k.t.Helper()
	r, err := http.NewRequest(method, k.server.URL+path, body)
	if err != nil {
		k.t.Fatal(err)
	}
	return r
}

func (k *console) get(path string, headers ...string) answer {
	k.t.Helper()
	return k.send(k.request(http.MethodGet, path, nil), headers...)
}

// post sends a plain form without a token.
func (k *console) post(path string, values url.Values, headers ...string) answer {
	k.t.Helper()
	r := k.request(http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return k.send(r, headers...)
}

// token returns the token of the form on the sign-in page.
func (k *console) token() string {
	k.t.Helper()
	token, _ := k.get("/login").document(k.t).Find(`form[action="/login"] input[name="_csrf"]`).Attr("value")
	if token == "" {
		k.t.Fatal("the form holds no token")
	}
	return token
}

// submit gets the form for its token, then sends it.
func (k *console) submit(path string, values url.Values, headers ...string) answer {
	k.t.Helper()
	if values == nil {
		values = url.Values{}
	}
	values.Set("_csrf", k.token())
	return k.post(path, values, headers...)
}

func (k *console) signIn() {
	k.t.Helper()
	if a := k.submit("/login", nil); a.StatusCode != http.StatusSeeOther {
		k.t.Fatalf("sign-in: status %d: %s", a.StatusCode, a.body)
	}
}

func (k *console) cookie(name string) string {
	k.t.Helper()
	u, err := url.Parse(k.server.URL)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, c := range k.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
