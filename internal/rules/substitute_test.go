package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"envshare/internal/rules"
	"envshare/models"
)

func TestSubstitute(t *testing.T) {
	auth := &rules.Auth{OpenID: "o1", UnionID: "u1", UID: "w1", AppID: "wx1"}
	for query, want := range map[string]string{
		`{"_openid": "{openid}"}`:                                              `{"_openid":"o1"}`,
		`{"a": "{unionid}", "b": "{uid}", "c": {"$eq": "{appid}"}}`:            `{"a":"u1","b":"w1","c":{"$eq":"wx1"}}`,
		`{"$or": [{"a": {"$in": ["x", "{openid}"]}}, {"b": ["{uid}"]}]}`:       `{"$or":[{"a":{"$in":["x","o1"]}},{"b":["w1"]}]}`,
		`{"{openid}": 1, "a": "{openid} ", "b": "x{openid}", "c": "{Openid}"}`: `{"{openid}":1,"a":"{openid} ","b":"x{openid}","c":"{Openid}"}`,
		`{}`:           `{}`,
		`{"a": "id}"}`: `{"a":"id}"}`,
	} {
		got, err := rules.Substitute(raw(t, json.RawMessage(query)), auth)
		if err != nil || string(got) != string(raw(t, json.RawMessage(want))) {
			t.Errorf("%s: %s, %v, want %s", query, got, err, want)
		}
	}
}

func TestSubstituteRefusesWhatTheCallerHasNot(t *testing.T) {
	for _, name := range []string{"openid", "unionid", "uid", "appid"} {
		query := raw(t, json.RawMessage(`{"$nor": [{"a": {"$ne": "{`+name+`}"}}]}`))
		for _, auth := range []*rules.Auth{nil, {}} {
			if got, err := rules.Substitute(query, auth); models.CodeOf(err) != models.CodeForbidden {
				t.Errorf("%s: %s, %v", name, got, err)
			}
		}
	}
}

func TestSubstituteBoundsDepth(t *testing.T) {
	deep := func(n int) json.RawMessage {
		return json.RawMessage(strings.Repeat(`{"a":`, n) + `"{openid}"` + strings.Repeat(`}`, n))
	}
	auth := &rules.Auth{OpenID: "o1"}
	if _, err := rules.Substitute(raw(t, deep(100)), auth); err != nil {
		t.Error(err)
	}
	if _, err := rules.Substitute(raw(t, deep(200)), auth); !models.IsCode(err, models.CodeInvalid) {
		t.Errorf("depth 200: %v", err)
	}
}

func TestASubstitutedQueryIsTheCallersOwn(t *testing.T) {
	r := mustParse(t, "doc._openid == auth.openid")
	auth := &rules.Auth{OpenID: "o1"}
	query, err := rules.Substitute(raw(t, json.RawMessage(`{"_openid": "{openid}", "done": false}`)), auth)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := r.Implies(t.Context(), query, rules.Input{Auth: auth}); err != nil || !v.Allowed {
		t.Errorf("%v, %v", v, err)
	}
}
