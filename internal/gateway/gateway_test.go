package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/gateway"
	"envshare/internal/gateway/admin"
	"envshare/internal/testkit"
)

// record collects the log.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func open(t *testing.T) (*testkit.Kit, *record, *echo.Echo) {
	t.Helper()
	log := &record{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	k := testkit.New(t, testkit.Options{NoRunner: true, Logger: logger})
	k.Apply(t, `
principals: [{id: p, name: P}]
apps: [{appid: wxaaaaaaaaaaaaaaaa, name: A, type: miniprogram, principal: p, environments: [{id: a-main}]}]`, nil)
	return k, log, gateway.New(gateway.Config{}, gateway.Deps{
		Calls: k.Services.Calls, Documents: k.Services.Documents, Files: k.Services.Files, Credentials: k.Services.Credentials, Ready: k.Services.Ready, Logger: logger,
	})
}

func TestRoutes(t *testing.T) {
	_, _, e := open(t)
	e.GET("/panic", func(echo.Context) error { panic("the secret of the house") })
	e.GET("/error", func(echo.Context) error { return errors.New("the secret of the house") })
	for _, c := range []struct {
		method, path string
		status       int
		must         string
	}{
		{http.MethodGet, "/healthz", 200, `"ok"`},
		{http.MethodHead, "/healthz", 200, ""},
		{http.MethodGet, "/readyz", 200, `"ok"`},
		{http.MethodGet, "/admin", 405, `"METHOD_NOT_ALLOWED"`},
		{http.MethodPost, "/admin", 200, `"INVALID_PARAM"`},
		{http.MethodPost, "/admin/", 404, `"NOT_FOUND"`},
		{http.MethodGet, "/", 404, `"NOT_FOUND"`},
		{http.MethodGet, "/login", 404, `"NOT_FOUND"`},
		{http.MethodGet, "/panic", 500, `"SYS_ERR"`},
		{http.MethodGet, "/error", 500, `"SYS_ERR"`},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, nil)
			r.Header.Set("Cookie", "session=x")
			r.Header.Set("X-Request-Id", "chosen-by-the-caller")
			answer := httptest.NewRecorder()
			e.ServeHTTP(answer, r)
			body := answer.Body.String()
			if answer.Code != c.status || !strings.Contains(body, c.must) || strings.Contains(body, "secret") {
				t.Errorf("%d %s", answer.Code, body)
			}
			if c.method != http.MethodHead && (!json.Valid(answer.Body.Bytes()) || !strings.HasPrefix(answer.Header().Get("Content-Type"), "application/json")) {
				t.Errorf("%s %s", answer.Header().Get("Content-Type"), body)
			}
			checkHeaders(t, answer.Header())
		})
	}
}

// checkHeaders demands what every answer of an origin with users' content has.
func checkHeaders(t *testing.T, h http.Header) {
	t.Helper()
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || len(h.Get("X-Request-Id")) != 26 ||
		!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("headers %v", h)
	}
	if len(h.Values("Set-Cookie")) > 0 {
		t.Error("a cookie was set")
	}
}

func TestNotReady(t *testing.T) {
	log := &record{}
	e := gateway.New(gateway.Config{}, gateway.Deps{
		Ready:  func(context.Context) error { return errors.New("no database") },
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if answer.Code != http.StatusServiceUnavailable || strings.Contains(answer.Body.String(), "database") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if !strings.Contains(log.String(), "no database") {
		t.Errorf("not logged: %s", log)
	}
}

func TestWhatTheLogTells(t *testing.T) {
	k, log, e := open(t)
	cred, _ := k.Credential(t, "wxaaaaaaaaaaaaaaaa", "a-main")
	body := []byte(`{"action":"functions.invokeFunction","function_name":"f","request_data":"{\"password\":\"hunter2\"}","envName":"a-main","sessionToken":"` + cred.Token + `"}`)
	r := httptest.NewRequest(http.MethodPost, "http://gateway/admin?env=a-main&seqId=query-1", bytes.NewReader(body))
	r.RequestURI = "/admin?env=a-main&seqId=query-1"
	if err := admin.Sign(r, body, admin.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey}, time.Now()); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, r)
	if !strings.Contains(answer.Body.String(), "FUNCTION_NOT_FOUND") {
		t.Fatal(answer.Body)
	}
	for _, want := range []string{
		"method=POST", "path=/admin", "status=200", "action=functions.invokeFunction", "app=wxaaaaaaaaaaaaaaaa", "environment=a-main",
		"code=FUNCTION_NOT_FOUND", "duration=", "request_id=" + answer.Header().Get("X-Request-Id"),
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing in %s", want, log)
		}
	}
	for _, secret := range []string{"hunter2", "query-1", cred.SecretKey, cred.Token, r.Header.Get("Authorization")} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestAPanicIsLoggedWithItsStack(t *testing.T) {
	_, log, e := open(t)
	e.GET("/panic", func(echo.Context) error { panic("boom") })
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/panic", nil))
	for _, want := range []string{"boom", "gateway_test.go", "status=500"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing in %s", want, log)
		}
	}
}

func TestHalfAnAnswerIsCutShort(t *testing.T) {
	k, log, e := open(t)
	e.GET("/half", func(c echo.Context) error {
		if err := c.String(http.StatusOK, " "); err != nil {
			return err
		}
		c.Response().Flush()
		panic("boom")
	})
	k.Serve(t, e)
	resp, err := http.Get(k.GatewayURL + "/half")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // broken on purpose
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if n, err := resp.Body.Read(make([]byte, 1)); err == nil || n != 0 || err.Error() == "EOF" {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if !strings.Contains(log.String(), "path=/half") {
		t.Errorf("not in the access log: %s", log)
	}
}

func TestTheAddressIsTheSockets(t *testing.T) {
	_, _, e := open(t)
	e.GET("/ip", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()) })
	r := httptest.NewRequest(http.MethodGet, "/ip", nil)
	r.RemoteAddr = "192.0.2.7:1234"
	r.Header.Set("X-Forwarded-For", "203.0.113.1")
	r.Header.Set("X-Real-Ip", "203.0.113.1")
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, r)
	if answer.Body.String() != "192.0.2.7" {
		t.Error(answer.Body)
	}
}

func TestAFailureOfOursIsLoggedOnceAndNotTold(t *testing.T) {
	k, log, e := open(t)
	cred, _ := k.Credential(t, "wxaaaaaaaaaaaaaaaa", "a-main")
	if err := k.Store.Close(); err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"action":"functions.invokeFunction","function_name":"f","sessionToken":"` + cred.Token + `"}`)
	r := httptest.NewRequest(http.MethodPost, "/admin", bytes.NewReader(body))
	if err := admin.Sign(r, body, admin.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey}, time.Now()); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, r)
	id := answer.Header().Get("X-Request-Id")
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"SYS_ERR"`) ||
		!strings.Contains(answer.Body.String(), id) || strings.Contains(answer.Body.String(), "sql") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "database is closed") {
		t.Errorf("logged %d times: %s", n, log)
	}
}
