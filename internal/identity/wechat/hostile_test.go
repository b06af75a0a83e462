package wechat_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/identity"
	"envshare/internal/identity/wechat"
	"envshare/models"
)

// says answers every call with a text.
func says(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

// echo refuses with a text that tells everything it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, `{"errcode":99999,"errmsg":%q}`, r.URL.String()+" "+r.URL.Query().Get("secret")+string(body))
}

func TestHostileAnswers(t *testing.T) {
	var stolen atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server sees that the client left when it has read all
		<-r.Context().Done()
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write([]byte(`{"openid":"o"` + strings.Repeat(" ", 8<<20) + "}"))
	_ = z.Close()
	long := strings.Repeat("x", 129)
	for _, row := range []struct {
		name, key string
		answer    http.HandlerFunc
	}{
		{"huge body", "wechat.unreachable", says("application/json", `{"openid":"o"`+strings.Repeat(" ", wechat.MaxAnswer)+"}")},
		{"compressed bomb", "wechat.unreachable", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		}},
		{"huge header", "wechat.unreachable", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }},
		{"no answer", "wechat.unreachable", hang},
		{"half an answer", "wechat.unreachable", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"openid":`)
			_ = http.NewResponseController(w).Flush()
			hang(w, r)
		}},
		{"connection cut", "wechat.unreachable", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"redirect", "wechat.unreachable", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL+"/?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		}},
		{"server error", "wechat.unreachable", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, `{"openid":"o-ming","access_token":"T","ticket":"t"}`)
		}},
		{"HTML", "wechat.unreadable", says("text/html", "<html>sign in to the hotel's network</html>")},
		{"nothing", "wechat.unreadable", says("application/json", "")},
		{"a list", "wechat.unreadable", says("application/json", "[]")},
		{"two objects", "wechat.unreadable", says("application/json", `{"openid":"o"}{"openid":"p"}`)},
		{"wrong types", "wechat.unreadable", says("application/json", `{"openid":17,"access_token":true,"ticket":[]}`)},
		{"number in quotes", "wechat.unreadable", says("application/json", `{"errcode":"40029"}`)},
		{"deep nesting", "wechat.unreadable", says("application/json", strings.Repeat("[", 60_000))},
		{"no identity", "wechat.unreadable", says("application/json", `{"errcode":0,"errmsg":"ok"}`)},
		{"null", "wechat.unreadable", says("application/json", "null")},
		{"long identity", "wechat.unreadable", says("application/json", `{"openid":"`+long+`","access_token":"`+strings.Repeat(long, 9)+`"}`)},
		{"identity with a line break", "wechat.unreadable", says("application/json", `{"openid":"o\nx","access_token":"a b"}`)},
		{"identity that is not ASCII", "wechat.unreadable", says("application/json", `{"openid":"小明","access_token":"小明"}`)},
		{"everything told back", "wechat.refused", echo},
		{"the secret told back", "wechat.refused", says("application/json", `{"errcode":99999,"errmsg":"for `+secret+`: no"}`)},
		{"a long text", "wechat.refused", says("application/json", `{"errcode":99999,"errmsg":"`+strings.Repeat("no ", 5000)+`"}`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newClient(t, row.answer)
			c.SetTimeout(300 * time.Millisecond)
			_, session := c.Code2Session(t.Context(), mini, secret, "a-code")
			_, web := c.WebAuthorize(t.Context(), mini, secret, "a-code")
			_, ticket := c.JSAPITicket(t.Context(), mini, secret)
			for name, err := range map[string]error{"Code2Session": session, "WebAuthorize": web, "JSAPITicket": ticket} {
				if !models.IsCode(err, models.CodeUnavailable) || models.MsgOf(err).Key != row.key {
					t.Errorf("%s: %v, want %s", name, err, row.key)
				}
				noSecret(t, err)
			}
		})
	}
	if n := stolen.Load(); n > 0 {
		t.Fatalf("%d redirects were followed", n)
	}
}

// noSecret fails when an error shows the secret in any of the forms in which it
// is sent, or more than a line.
func noSecret(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, models.MsgOf(err))
	for e := err; e != nil; {
		text += " " + e.Error()
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), "zz-of-the-app"} {
		if strings.Contains(text, form) {
			t.Errorf("the secret is in %s", text)
		}
	}
	if strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 800 {
		t.Errorf("an error for the log has %d bytes: %q", len(err.Error()), err)
	}
}

func TestWhatComesWithAnOpenIDIsBounded(t *testing.T) {
	for _, more := range []string{
		`"unionid":"` + strings.Repeat("u", 129) + `"`, `"unionid":"u u"`, `"scope":"snsapi_base\u0000"`, `"scope":"` + strings.Repeat("s", 257) + `"`,
		`"session_key":"k\u007f"`, `"session_key":"` + strings.Repeat("k", 257) + `"`,
	} {
		c, _ := newClient(t, says("application/json", `{"openid":"o-ming",`+more+`}`))
		s, err := c.Code2Session(t.Context(), mini, secret, "a-code")
		if models.MsgOf(err).Key != "wechat.unreadable" || s != (identity.Session{}) {
			t.Errorf("%.30s: %v, %v", more, s, err)
		}
	}
	c, _ := newClient(t, says("application/json", `{"openid":"`+strings.Repeat("o", 128)+`","unionid":"`+strings.Repeat("u", 128)+`"}`))
	if _, err := c.WebAuthorize(t.Context(), account, secret, "a-code"); err != nil {
		t.Error(err)
	}
}

func TestPlainTextIsTolerated(t *testing.T) {
	c, _ := newClient(t, says("text/plain", `{"openid":"o-ming","session_key":"k==","more":{"to":"come"}}`))
	if s, err := c.Code2Session(t.Context(), mini, secret, "alice:userinfo"); err != nil || s.OpenID != "o-ming" || string(s.Key) != "k==" {
		t.Fatalf("%+v, %v", s, err)
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	c, err := wechat.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err = c.WebAuthorize(t.Context(), account, secret, "a-code")
	if !models.IsCode(err, models.CodeUnavailable) || models.MsgOf(err).Key != "wechat.unreachable" {
		t.Fatal(err)
	}
	noSecret(t, err)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Code2Session(gone, account, secret, "a-code")
	if !models.IsCode(err, models.CodeUnavailable) {
		t.Fatal(err)
	}
	noSecret(t, err)
}

func TestWhatWeChatsNumbersMean(t *testing.T) {
	for number, want := range map[int]struct {
		code models.Code
		key  string
	}{
		40029: {models.CodeInvalid, "wechat.code_refused"},
		40163: {models.CodeInvalid, "wechat.code_refused"},
		41008: {models.CodeInvalid, "wechat.code_refused"},
		42003: {models.CodeInvalid, "wechat.code_refused"},
		40001: {models.CodeUnavailable, "wechat.app_secret"},
		40013: {models.CodeUnavailable, "wechat.app_secret"},
		40125: {models.CodeUnavailable, "wechat.app_secret"},
		40243: {models.CodeUnavailable, "wechat.app_secret"},
		41002: {models.CodeUnavailable, "wechat.app_secret"},
		41004: {models.CodeUnavailable, "wechat.app_secret"},
		40164: {models.CodeUnavailable, "wechat.address_refused"},
		61004: {models.CodeUnavailable, "wechat.address_refused"},
		48001: {models.CodeUnavailable, "wechat.not_entitled"},
		40226: {models.CodeForbidden, "wechat.user_blocked"},
		45009: {models.CodeLimited, "wechat.limited"},
		45011: {models.CodeLimited, "wechat.limited"},
		-1:    {models.CodeUnavailable, "wechat.busy"},
		12345: {models.CodeUnavailable, "wechat.refused"},
	} {
		c, _ := newClient(t, says("application/json", fmt.Sprintf(`{"errcode":%d,"errmsg":"so says WeChat","openid":"o-ming"}`, number)))
		_, err := c.WebAuthorize(t.Context(), account, secret, "a-code")
		m := models.MsgOf(err)
		if models.CodeOf(err) != want.code || m.Key != want.key || m.Args["app"] != account {
			t.Errorf("%d is %v, %+v, want %v", number, err, m, want)
		}
		if text := err.Error(); !strings.Contains(text, fmt.Sprint("errcode ", number)) || !strings.Contains(text, "so says WeChat") {
			t.Errorf("the log does not say what WeChat said: %q", text)
		}
	}
}
