package wechatsim

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Person is somebody to be.
type Person struct {
	ID   string // what openids are made from
	Name string // what the page shows
}

// Options says what the simulator knows of apps. A function that is missing
// refuses everything.
type Options struct {
	// PrincipalOf names the principal of an app; false when there is no such app.
	PrincipalOf func(appID string) (string, bool)
	// VerifySecret reports whether secret is the AppSecret of an app.
	VerifySecret func(appID, secret string) bool
	// AllowRedirect reports whether a login of an app may return to a host, which
	// is in lower case and carries its port when the address names one.
	AllowRedirect func(appID, host string) bool
	// Key makes the ids of persons, access tokens and tickets; the same key makes
	// the same ids. Without one they are the same in every installation.
	Key []byte
	// Persons are offered on the page; nil for 小明, 小红 and 小刚.
	Persons []Person
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

// maxPerson bounds the id of a person, in characters.
const maxPerson = 32

// simulator is what New makes.
type simulator struct {
	Options
	codes *codes
}

// New makes the simulator. It answers
//
//	GET      /connect/oauth2/authorize  the page, which stands in for open.weixin.qq.com
//	POST     /connect/oauth2/authorize  the choice of a person
//	GET POST /simulator/code            ?appid=&person= → {"code": …}, in place of wx.login
//	GET      /sns/jscode2session
//	GET      /sns/oauth2/access_token
//	GET      /sns/userinfo
//	GET      /cgi-bin/token
//	POST     /cgi-bin/stable_token
//	GET      /cgi-bin/ticket/getticket
func New(o Options) http.Handler {
	if o.PrincipalOf == nil {
		o.PrincipalOf = func(string) (string, bool) { return "", false }
	}
	if o.VerifySecret == nil {
		o.VerifySecret = func(string, string) bool { return false }
	}
	if o.AllowRedirect == nil {
		o.AllowRedirect = func(string, string) bool { return false }
	}
	if len(o.Key) == 0 {
		o.Key = []byte("envshare wechat simulator")
	}
	if o.Persons == nil {
		o.Persons = []Person{{"ming", "小明"}, {"hong", "小红"}, {"gang", "小刚"}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &simulator{Options: o, codes: newCodes(o.Now)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /connect/oauth2/authorize", s.showPage)
	mux.HandleFunc("POST /connect/oauth2/authorize", s.choose)
	mux.HandleFunc("GET /simulator/code", s.loginCode)
	mux.HandleFunc("POST /simulator/code", s.loginCode)
	mux.HandleFunc("GET /sns/jscode2session", s.code2Session)
	mux.HandleFunc("GET /sns/oauth2/access_token", s.webAuthorize)
	mux.HandleFunc("GET /sns/userinfo", s.userInfo)
	mux.HandleFunc("GET /cgi-bin/token", s.accessToken)
	mux.HandleFunc("POST /cgi-bin/stable_token", s.stableToken)
	mux.HandleFunc("GET /cgi-bin/ticket/getticket", s.ticket)
	return secure(mux)
}

// maxBody bounds what is read of a request, in bytes.
const maxBody = 16 << 10

// policy lets the page have its own style and nothing else. It names no
// form-action: browsers hold that against the address a form leads on to, which
// is another origin here.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// secure puts headers on every answer: most carry a code or a token.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// person returns the id that somebody typed or chose, false when it is none.
func person(typed string) (string, bool) {
	id := strings.TrimSpace(typed)
	ok := id != "" && utf8.ValidString(id) && utf8.RuneCountInString(id) <= maxPerson &&
		!strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) })
	return id, ok
}
