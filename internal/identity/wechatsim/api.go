package wechatsim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// WeChat's numbers for what went wrong.
const (
	staleToken    = 40001
	invalidGrant  = 40002
	invalidApp    = 40013
	invalidCode   = 40029
	invalidType   = 40097
	invalidSecret = 40125
	usedCode      = 40163
	missingApp    = 41002
	expiredToken  = 42001
	malformedJSON = 47001
)

var texts = map[int]string{
	staleToken: "invalid credential, access_token is invalid or not latest", invalidGrant: "invalid grant_type",
	invalidApp: "invalid appid", invalidCode: "invalid code", invalidType: "invalid args", invalidSecret: "invalid appsecret",
	usedCode: "code been used", missingApp: "appid missing", expiredToken: "access_token expired", malformedJSON: "data format error",
}

const (
	// tokenLife is how long access tokens and tickets are good.
	tokenLife = 2 * time.Hour
	// tokenOverlap is how long before its end an access token has a successor.
	tokenOverlap = 5 * time.Minute
)

// code2Session tells a mini program who a code of wx.login stands for.
func (s *simulator) code2Session(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	l, principal, ok := s.exchange(w, q, q.Get("js_code"), false)
	if !ok {
		return
	}
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	reply(w, http.StatusOK, map[string]any{
		"openid": s.id("openid", l.appID, l.person), "unionid": s.id("unionid", principal, l.person),
		"session_key": base64.StdEncoding.EncodeToString(key),
	})
}

// webAuthorize tells an official account who came back from the page. As at
// WeChat, the unionid comes with scope snsapi_userinfo only.
func (s *simulator) webAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	l, principal, ok := s.exchange(w, q, q.Get("code"), true)
	if !ok {
		return
	}
	end, expiresIn := s.period()
	out := map[string]any{
		"access_token": s.personToken(l, end), "refresh_token": rand.Text(), "expires_in": expiresIn,
		"openid": s.id("openid", l.appID, l.person), "scope": l.scope,
	}
	if l.scope == scopeUserInfo {
		out["unionid"] = s.id("unionid", principal, l.person)
	}
	reply(w, http.StatusOK, out)
}

// personToken is <app>.<end>.<person>.<seal>, the person in base64.
func (s *simulator) personToken(l login, end int64) string {
	parts := []string{l.appID, strconv.FormatInt(end, 10), base64.RawURLEncoding.EncodeToString([]byte(l.person))}
	return strings.Join(parts, ".") + "." + s.mac("person", l.appID, parts[1], l.person, l.scope)
}

// userInfo tells an official account what a person shows.
func (s *simulator) userInfo(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	given := q.Get("access_token")
	parts := strings.Split(given, ".")
	if len(parts) != 4 {
		refuse(w, staleToken)
		return
	}
	end, err := strconv.ParseInt(parts[1], 10, 64)
	person, personErr := base64.RawURLEncoding.DecodeString(parts[2])
	l := login{appID: parts[0], person: string(person), scope: scopeUserInfo}
	principal, known := s.PrincipalOf(l.appID)
	switch {
	case err != nil, personErr != nil, !known, !hmac.Equal([]byte(given), []byte(s.personToken(l, end))), q.Get("openid") != s.id("openid", l.appID, l.person):
		refuse(w, staleToken)
	case s.Now().Unix() >= end:
		refuse(w, expiredToken)
	default:
		reply(w, http.StatusOK, map[string]any{
			"openid": q.Get("openid"), "unionid": s.id("unionid", principal, l.person), "nickname": s.nameOf(l.person), "sex": 0,
			"province": "", "city": "", "country": "", "headimgurl": "", "privilege": []string{},
		})
	}
}

// nameOf is what the page calls a person.
func (s *simulator) nameOf(id string) string {
	for _, p := range s.Persons {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}

// exchange checks app and secret and takes a code.
func (s *simulator) exchange(w http.ResponseWriter, q url.Values, code string, web bool) (login, string, bool) {
	principal, number := s.app(q.Get("appid"), q.Get("secret"))
	var l login
	switch {
	case number != 0:
	case q.Get("grant_type") != "authorization_code":
		number = invalidGrant
	default:
		l, number = s.codes.take(code, q.Get("appid"), web)
	}
	if number != 0 {
		refuse(w, number)
	}
	return l, principal, number == 0
}

// app returns the principal of an app that proves itself, else WeChat's number.
func (s *simulator) app(appID, secret string) (string, int) {
	principal, known := s.PrincipalOf(appID)
	switch {
	case appID == "":
		return "", missingApp
	case !known:
		return "", invalidApp
	case !s.VerifySecret(appID, secret):
		return "", invalidSecret
	}
	return principal, 0
}

// credentials are what both calls for an access token take.
type credentials struct {
	GrantType string `json:"grant_type"`
	AppID     string `json:"appid"`
	Secret    string `json:"secret"`
}

func (s *simulator) accessToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.giveToken(w, credentials{q.Get("grant_type"), q.Get("appid"), q.Get("secret")})
}

func (s *simulator) stableToken(w http.ResponseWriter, r *http.Request) {
	var c credentials
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		refuse(w, malformedJSON)
		return
	}
	s.giveToken(w, c)
}

// giveToken answers with the access token of the present two hours. It says until
// when it is good, so that none has to be remembered.
func (s *simulator) giveToken(w http.ResponseWriter, c credentials) {
	if _, number := s.app(c.AppID, c.Secret); number != 0 {
		refuse(w, number)
		return
	}
	if c.GrantType != "client_credential" {
		refuse(w, invalidGrant)
		return
	}
	end, expiresIn := s.period()
	reply(w, http.StatusOK, map[string]any{"access_token": s.token(c.AppID, end), "expires_in": expiresIn})
}

// period returns when what is given now ends, in Unix seconds, and in how many
// seconds: two hours begin anew a little before the last ones are over.
func (s *simulator) period() (end, expiresIn int64) {
	now := s.Now()
	end = now.Add(tokenOverlap).Truncate(tokenLife).Add(tokenLife).Unix()
	return end, min(end-now.Unix(), int64(tokenLife.Seconds()))
}

// token is <app>.<end in Unix seconds>.<seal>.
func (s *simulator) token(appID string, end int64) string {
	seconds := strconv.FormatInt(end, 10)
	return appID + "." + seconds + "." + s.mac("token", appID, seconds)
}

// ticket answers with the ticket that signs an official account's pages.
func (s *simulator) ticket(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	given := q.Get("access_token")
	appID, rest, _ := strings.Cut(given, ".")
	seconds, _, _ := strings.Cut(rest, ".")
	end, err := strconv.ParseInt(seconds, 10, 64)
	switch {
	case err != nil || !hmac.Equal([]byte(given), []byte(s.token(appID, end))):
		refuse(w, staleToken)
		return
	case s.Now().Unix() >= end:
		refuse(w, expiredToken)
		return
	case q.Get("type") != "jsapi":
		refuse(w, invalidType)
		return
	}
	end, expiresIn := s.period()
	reply(w, http.StatusOK, map[string]any{
		"errcode": 0, "errmsg": "ok", "ticket": "simticket-" + s.mac("ticket", appID, strconv.FormatInt(end, 10)), "expires_in": expiresIn,
	})
}

// id makes an openid or unionid, with the look of a real one: o and 27 more.
func (s *simulator) id(kind, of, person string) string { return "o" + s.mac(kind, of, person)[:27] }

// mac is what only this simulator makes of some texts, in 43 characters.
func (s *simulator) mac(parts ...string) string {
	mac := hmac.New(sha256.New, s.Key)
	for _, part := range parts {
		mac.Write(fmt.Appendf(nil, "%d:%s", len(part), part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// refuse answers as WeChat does: with status 200 and a number.
func refuse(w http.ResponseWriter, number int) {
	reply(w, http.StatusOK, map[string]any{"errcode": number, "errmsg": texts[number]})
}

func reply(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
