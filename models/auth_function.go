package models

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// maxAuthBytes bounds the auth object of cloudbase_auth: it travels with every
// decision of a security rule.
const maxAuthBytes = 8 << 10

// ParseAuthVerdict reads what cloudbase_auth returned, as JSON text, and decides
// (DESIGN.md section 3, steps 3 and 4): no numeric errCode is
// CodeAuthNoErrCode, a non-zero one CodeAuthRefused carrying number and text
// unchanged, an auth that is not a string holding a JSON object
// CodeAuthMalformed.
func ParseAuthVerdict(result []byte) (AuthVerdict, error) {
	var answer struct {
		ErrCode   json.RawMessage `json:"errCode"`
		ErrMsg    json.RawMessage `json:"errMsg"`
		Auth      json.RawMessage `json:"auth"`
		ExpiresIn json.RawMessage `json:"expiresIn"`
	}
	if err := unmarshalExact(result, &answer.ErrCode, &answer.ErrMsg, &answer.Auth, &answer.ExpiresIn); err != nil {
		return AuthVerdict{}, E(CodeAuthNoErrCode, "call.auth_no_err_code")
	}
	number, ok := jsonNumber(answer.ErrCode)
	if !ok {
		return AuthVerdict{}, E(CodeAuthNoErrCode, "call.auth_no_err_code")
	}
	if value, err := number.Float64(); err != nil || value != 0 {
		e := E(CodeAuthRefused, "call.auth_refused")
		e.Refusal = &Refusal{ErrCode: number, ErrMsg: jsonText(answer.ErrMsg)}
		return AuthVerdict{}, e
	}
	custom, err := parseAuth(answer.Auth)
	if err != nil {
		return AuthVerdict{}, err
	}
	expiresIn, err := parseExpiresIn(answer.ExpiresIn)
	if err != nil {
		return AuthVerdict{}, err
	}
	return AuthVerdict{Custom: custom, ExpiresIn: expiresIn}, nil
}

// unmarshalExact takes the four fields by their exact names: encoding/json would
// also accept errcode for errCode, which the protocol does not.
func unmarshalExact(result []byte, errCode, errMsg, auth, expiresIn *json.RawMessage) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(result, &fields); err != nil {
		return err
	}
	*errCode, *errMsg, *auth, *expiresIn = fields["errCode"], fields["errMsg"], fields["auth"], fields["expiresIn"]
	return nil
}

func jsonNumber(raw json.RawMessage) (json.Number, bool) {
	text := string(bytes.TrimSpace(raw))
	if text == "" || !strings.ContainsRune("-0123456789", rune(text[0])) {
		return "", false
	}
	return json.Number(text), true
}

// jsonText returns a string's content, the JSON text of anything else.
func jsonText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func parseAuth(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	malformed := E(CodeAuthMalformed, "call.auth_malformed")
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", malformed
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil || object == nil {
		return "", malformed
	}
	if len(text) > maxAuthBytes {
		return "", E(CodeAuthMalformed, "call.auth_too_large", "max", maxAuthBytes)
	}
	return text, nil
}

// parseExpiresIn reads seconds. What is there and is no positive number is
// malformed: to fall back to the default would lengthen a session that was meant
// to be short.
func parseExpiresIn(raw json.RawMessage) (time.Duration, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, nil
	}
	malformed := E(CodeAuthMalformed, "call.auth_expires_in")
	number, ok := jsonNumber(raw)
	if !ok {
		return 0, malformed
	}
	seconds, err := number.Float64()
	if err != nil || seconds <= 0 {
		return 0, malformed
	}
	return time.Duration(min(seconds, math.MaxInt32) * float64(time.Second)), nil
}
