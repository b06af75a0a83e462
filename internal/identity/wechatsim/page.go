package wechatsim

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"envshare/internal/i18n"
)

// The scopes of web authorisation.
const (
	scopeBase     = "snsapi_base"
	scopeUserInfo = "snsapi_userinfo"
)

// authorization is what an official account asks the page for.
type authorization struct {
	AppID, Scope, Host string
	back               *url.URL
}

// page is the authorisation page, or why there is none.
type page struct {
	authorization
	Lang    string
	Persons []Person
	Max     int
	Style   template.CSS
	Warning string
	// Refusal is why there is nothing to choose; Problem, why a choice does not do.
	Refusal, Problem string
}

// T returns a text in the language of the page.
func (p page) T(key string) string { return p.Text(key, nil) }

// Text returns a text in the language of the page with placeholders filled.
func (p page) Text(key string, args map[string]any) string { return i18n.Text(p.Lang, key, args) }

// Asks says which app asks for what, and where the person goes next.
func (p page) Asks() string {
	return p.Text("simulator.asks", map[string]any{"app": p.AppID, "scope": p.Scope, "host": p.Host})
}

func (s *simulator) showPage(w http.ResponseWriter, r *http.Request) {
	a, refusal := s.authorization(r)
	s.render(w, r, http.StatusOK, a, refusal, "")
}

// choose sends the browser back to the app with a code for the person chosen.
func (s *simulator) choose(w http.ResponseWriter, r *http.Request) {
	a, refusal := s.authorization(r)
	if refusal != "" {
		s.render(w, r, http.StatusBadRequest, a, refusal, "")
		return
	}
	if err := r.ParseForm(); err != nil {
		s.render(w, r, http.StatusBadRequest, a, "simulator.form", "")
		return
	}
	id, ok := person(r.PostForm.Get("person"))
	if !ok {
		s.render(w, r, http.StatusUnprocessableEntity, a, "", "simulator.person")
		return
	}
	q := a.back.Query()
	q.Set("code", s.codes.issue(login{a.AppID, id, a.Scope}))
	if state := r.URL.Query().Get("state"); state != "" {
		q.Set("state", state)
	}
	a.back.RawQuery = q.Encode()
	http.Redirect(w, r, a.back.String(), http.StatusSeeOther)
}

// loginCode gives a mini program what wx.login would: a code for a person.
func (s *simulator) loginCode(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"errcode": malformedJSON, "errmsg": texts[malformedJSON]})
		return
	}
	appID := r.Form.Get("appid")
	if _, known := s.PrincipalOf(appID); !known {
		reply(w, http.StatusBadRequest, map[string]any{"errcode": invalidApp, "errmsg": texts[invalidApp]})
		return
	}
	id, ok := person(r.Form.Get("person"))
	if !ok {
		reply(w, http.StatusBadRequest, map[string]any{"errcode": invalidType, "errmsg": "invalid person"})
		return
	}
	reply(w, http.StatusOK, map[string]any{"code": s.codes.issue(login{appID: appID, person: id})})
}

// authorization reads what an official account asks for, or the key that says
// what is wrong with it. Nobody is ever sent to an address that was refused.
func (s *simulator) authorization(r *http.Request) (authorization, string) {
	q := r.URL.Query()
	a := authorization{AppID: q.Get("appid"), Scope: q.Get("scope")}
	if _, known := s.PrincipalOf(a.AppID); !known {
		return a, "simulator.app_unknown"
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || (back.Scheme != "http" && back.Scheme != "https") || back.Hostname() == "" || back.User != nil {
		return a, "simulator.redirect_malformed"
	}
	a.back, a.Host = back, strings.ToLower(back.Host)
	switch {
	case !s.AllowRedirect(a.AppID, a.Host):
		return a, "simulator.redirect_refused"
	case q.Get("response_type") != "code":
		return a, "simulator.response_type"
	case a.Scope != scopeBase && a.Scope != scopeUserInfo:
		return a, "simulator.scope"
	}
	return a, ""
}

// render writes the page in the language that the browser asks for. The warning
// stands there in both.
func (s *simulator) render(w http.ResponseWriter, r *http.Request, status int, a authorization, refusal, problem string) {
	p := page{
		authorization: a, Lang: i18n.Match(r.Header.Get("Accept-Language")), Persons: s.Persons, Max: maxPerson,
		Style: template.CSS(style), Warning: i18n.Both("simulator.warning", nil),
	}
	if refusal != "" {
		p.Refusal = p.Text(refusal, map[string]any{"app": a.AppID, "host": a.Host})
		status = http.StatusBadRequest
	}
	if problem != "" {
		p.Problem = p.Text(problem, map[string]any{"max": maxPerson})
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the browser may be gone
}
