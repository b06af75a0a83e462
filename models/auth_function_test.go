package models

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseAuthVerdict_WhatLetsPass(t *testing.T) {
	large := `{"k":"` + strings.Repeat("x", maxAuthBytes-8) + `"}`
	for _, c := range []struct {
		name, result string
		want         AuthVerdict
	}{
		{"zero alone", `{"errCode":0}`, AuthVerdict{}},
		{"negative zero", `{"errCode":-0}`, AuthVerdict{}},
		{"zero with a fraction", `{"errCode":0.00}`, AuthVerdict{}},
		{"zero with an exponent", `{"errCode":0E7}`, AuthVerdict{}},
		{"space around", " {\n\"errCode\" : 0 \t} ", AuthVerdict{}},
		{"errMsg beside zero", `{"errCode":0,"errMsg":"ok"}`, AuthVerdict{}},
		{"unknown fields", `{"errCode":0,"more":[1]}`, AuthVerdict{}},
		{"auth null", `{"errCode":0,"auth":null}`, AuthVerdict{}},
		{"auth object in a string", `{"errCode":0,"auth":"{\"level\":7}"}`, AuthVerdict{Custom: `{"level":7}`}},
		{"auth empty object", `{"errCode":0,"auth":"{}"}`, AuthVerdict{Custom: `{}`}},
		{"auth as large as allowed", `{"errCode":0,"auth":` + quoted(large) + `}`, AuthVerdict{Custom: large}},
		{"expiresIn", `{"errCode":0,"expiresIn":60}`, AuthVerdict{ExpiresIn: time.Minute}},
		{"expiresIn fraction", `{"errCode":0,"expiresIn":1.5}`, AuthVerdict{ExpiresIn: 1500 * time.Millisecond}},
		{"expiresIn with an exponent", `{"errCode":0,"expiresIn":1e2}`, AuthVerdict{ExpiresIn: 100 * time.Second}},
		{"expiresIn at the largest", `{"errCode":0,"expiresIn":2147483647}`, AuthVerdict{ExpiresIn: 2147483647 * time.Second}},
		{"expiresIn beyond the largest", `{"errCode":0,"expiresIn":2147483648}`, AuthVerdict{ExpiresIn: 2147483647 * time.Second}},
		{"expiresIn null", `{"errCode":0,"expiresIn":null}`, AuthVerdict{}},
		{"expiresIn in other letters", `{"errCode":0,"expiresin":60}`, AuthVerdict{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAuthVerdict([]byte(c.result))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestParseAuthVerdict_WhatIsNoVerdict(t *testing.T) {
	for name, result := range map[string]string{
		"nothing":                  ``,
		"null":                     `null`,
		"array":                    `[{"errCode":0}]`,
		"number":                   `0`,
		"string":                   `"{\"errCode\":0}"`,
		"boolean":                  `true`,
		"broken JSON":              `{"errCode":0`,
		"more after the object":    `{"errCode":0}{}`,
		"errCode missing":          `{}`,
		"errCode null":             `{"errCode":null}`,
		"errCode string":           `{"errCode":"0"}`,
		"errCode NaN in a string":  `{"errCode":"NaN"}`,
		"errCode NaN":              `{"errCode":NaN}`,
		"errCode false":            `{"errCode":false}`,
		"errCode array":            `{"errCode":[0]}`,
		"errCode object":           `{"errCode":{}}`,
		"errcode in small letters": `{"errcode":0}`,
		"ErrCode in capitals":      `{"ErrCode":0,"ERRCODE":0}`,
		"malformed auth as well":   `{"auth":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseAuthVerdict([]byte(result))
			if !IsCode(err, CodeAuthNoErrCode) || got != (AuthVerdict{}) || MsgOf(err).Key != "call.auth_no_err_code" {
				t.Fatalf("%+v, %v", got, err)
			}
		})
	}
}

func TestParseAuthVerdict_AnEndThatCannotBeReadIsRefused(t *testing.T) {
	for name, value := range map[string]string{"zero": "0", "negative": "-5", "string": `"60"`, "boolean": "true", "object": "{}", "beyond all floats": "1e999"} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseAuthVerdict([]byte(`{"errCode":0,"expiresIn":` + value + `}`))
			if !IsCode(err, CodeAuthMalformed) || got != (AuthVerdict{}) || MsgOf(err).Key != "call.auth_expires_in" {
				t.Fatalf("%+v, %v", got, err)
			}
		})
	}
}

func TestParseAuthVerdict_RefusalsReachTheCallerUnchanged(t *testing.T) {
	for _, c := range []struct {
		name, result string
		want         Refusal
	}{
		{"number and text", `{"errCode":403,"errMsg":"不允许"}`, Refusal{"403", "不允许"}},
		{"negative", `{"errCode":-1,"errMsg":"x"}`, Refusal{"-1", "x"}},
		{"fraction", `{"errCode":0.5}`, Refusal{"0.5", ""}},
		{"exponent", `{"errCode":1e3}`, Refusal{"1e3", ""}},
		{"larger than a float keeps its digits", `{"errCode":123456789012345678901234567890}`, Refusal{"123456789012345678901234567890", ""}},
		{"beyond all floats", `{"errCode":1e999}`, Refusal{"1e999", ""}},
		{"text missing", `{"errCode":1}`, Refusal{"1", ""}},
		{"text null", `{"errCode":1,"errMsg":null}`, Refusal{"1", ""}},
		{"text empty", `{"errCode":1,"errMsg":""}`, Refusal{"1", ""}},
		{"text is a number", `{"errCode":1,"errMsg":7}`, Refusal{"1", "7"}},
		{"text is an object", `{"errCode":1,"errMsg":{"a":1}}`, Refusal{"1", `{"a":1}`}},
		{"refusal goes before a malformed auth", `{"errCode":2,"auth":1}`, Refusal{"2", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAuthVerdict([]byte(c.result))
			var e *Error
			if !errors.As(err, &e) || e.Code != CodeAuthRefused || e.Refusal == nil || got != (AuthVerdict{}) {
				t.Fatalf("%+v, %v", got, err)
			}
			if diff := cmp.Diff(c.want, *e.Refusal); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestParseAuthVerdict_MalformedAuth(t *testing.T) {
	for _, c := range []struct{ name, auth, key string }{
		{"object, not in a string", `{"level":7}`, "call.auth_malformed"},
		{"number", `1`, "call.auth_malformed"},
		{"boolean", `true`, "call.auth_malformed"},
		{"array in a string", `"[1]"`, "call.auth_malformed"},
		{"null in a string", `"null"`, "call.auth_malformed"},
		{"number in a string", `"1"`, "call.auth_malformed"},
		{"empty string", `""`, "call.auth_malformed"},
		{"no JSON in a string", `"{level:7}"`, "call.auth_malformed"},
		{"two objects in a string", `"{}{}"`, "call.auth_malformed"},
		{"too large", quoted(`{"k":"` + strings.Repeat("x", maxAuthBytes-7) + `"}`), "call.auth_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAuthVerdict([]byte(`{"errCode":0,"auth":` + c.auth + `}`))
			if !IsCode(err, CodeAuthMalformed) || MsgOf(err).Key != c.key || got != (AuthVerdict{}) {
				t.Fatalf("%+v, %v", got, err)
			}
		})
	}
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func FuzzParseAuthVerdict(f *testing.F) {
	for _, seed := range []string{
		`{"errCode":0}`, `{"errCode":-7,"errMsg":"no"}`, `{"errCode":0,"auth":"{\"a\":1}","expiresIn":60}`,
		`{"errCode":"0"}`, `null`, `[]`, `{"errCode":1e999}`, `{"errCode":0,"auth":"[1]"}`, `{"errCode":0,"expiresIn":1e300}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		got, err := ParseAuthVerdict(result)
		if err == nil {
			var object map[string]any
			if got.Custom != "" && (json.Unmarshal([]byte(got.Custom), &object) != nil || object == nil || len(got.Custom) > maxAuthBytes) {
				t.Fatalf("auth %q was let through", got.Custom)
			}
			if got.ExpiresIn < 0 {
				t.Fatalf("expires in %v", got.ExpiresIn)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || got != (AuthVerdict{}) {
			t.Fatalf("%+v, %v", got, err)
		}
		switch e.Code {
		case CodeAuthNoErrCode, CodeAuthMalformed:
		case CodeAuthRefused:
			if v, err := e.Refusal.ErrCode.Float64(); err == nil && v == 0 || !strings.Contains(string(result), string(e.Refusal.ErrCode)) {
				t.Fatalf("refused with %q by %q", e.Refusal.ErrCode, result)
			}
		default:
			t.Fatalf("code %q", e.Code)
		}
	})
}
