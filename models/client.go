package models

import (
	"net/url"
	"regexp"
	"strings"
	"time"
)

// ClientSession is the login of an end user to an app. Tokens are not stored:
// they are sealed and name the session, whose times decide.
type ClientSession struct {
	ID      string `gorm:"primaryKey"` // ULID
	AppID   string
	OpenID  string // in the app
	UnionID string // in the principal, "" when WeChat did not tell
	// Scope is what WeChat granted: snsapi_base or snsapi_userinfo for official
	// accounts, "" for mini programs.
	Scope string
	// Profile is what WeChat told of the person, as JSON, "" for nothing.
	Profile      string
	CreatedAt    time.Time
	AccessUntil  time.Time // until then an access token opens it
	RefreshUntil time.Time // until then it can be renewed
}

// ScopeUserInfo is the scope under which WeChat tells of a person.
const ScopeUserInfo = "snsapi_userinfo"

// Verdict is that cloudbase_auth let an end user of an app into an environment of
// another app (C1). The client SDK never sends it back.
type Verdict struct {
	AppID         string `gorm:"primaryKey"` // of the caller
	OpenID        string `gorm:"primaryKey"` // in the caller's app
	EnvironmentID string `gorm:"primaryKey"`
	GrantID       string // under which it was given
	Custom        string // JSON object that becomes auth.custom, "" for none
	ExpiresAt     time.Time
}

// TableName keeps verdicts of clients apart from those of functions, which their
// credentials carry.
func (Verdict) TableName() string { return "client_verdicts" }

var clientName = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)

// ValidOpenID reports whether s can be an openid or unionid: 1 to 64 printable
// ASCII characters.
func ValidOpenID(s string) bool { return clientName.MatchString(s) }

// Bounds of what an owner lists.
const (
	MaxOrigins    = 50
	MaxWebDomains = 20
)

// NormalOrigin returns an origin as browsers write it: scheme, host in lower case
// and a port that is not the scheme's own.
func NormalOrigin(text string) (string, error) {
	bad := E(CodeInvalid, "error.origin", "origin", text)
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.TrimSuffix(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "", bad
	}
	host, err := normalHost(u.Host, u.Scheme)
	if err != nil {
		return "", bad
	}
	return u.Scheme + "://" + host, nil
}

// NormalDomain returns a host, with a port when it has one, in lower case: where
// a web login may return to.
func NormalDomain(text string) (string, error) {
	host, err := normalHost(strings.TrimSpace(text), "")
	if err != nil {
		return "", E(CodeInvalid, "error.web_domain", "domain", text)
	}
	return host, nil
}

var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$|^\[[0-9a-f:.]+\](:[0-9]{1,5})?$`)

// normalHost checks host and port; internationalised names are written in their
// ASCII form.
func normalHost(host, scheme string) (string, error) {
	host = strings.ToLower(host)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	if len(host) > 260 || !hostPattern.MatchString(host) {
		return "", E(CodeInvalid, "error.web_domain", "domain", host)
	}
	return host, nil
}

// NormalOrigins returns a list of origins, each once.
func NormalOrigins(list []string) ([]string, error) {
	return normalised(list, MaxOrigins, NormalOrigin)
}

// NormalDomains returns a list of domains, each once.
func NormalDomains(list []string) ([]string, error) {
	return normalised(list, MaxWebDomains, NormalDomain)
}

func normalised(list []string, most int, one func(string) (string, error)) ([]string, error) {
	out := []string{}
	seen := map[string]bool{}
	for _, text := range list {
		good, err := one(text)
		if err != nil {
			return nil, err
		}
		if !seen[good] {
			seen[good] = true
			out = append(out, good)
		}
	}
	if len(out) > most {
		return nil, E(CodeInvalid, "error.list_long", "max", most)
	}
	return out, nil
}
