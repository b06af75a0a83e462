package service

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"envshare/internal/runner"
	"envshare/models"
)

// Region is what the SDKs want to hear about where they run; the signature
// covers it, nothing else uses it.
const Region = "ap-shanghai"

// credentialGrace is how long a run may wait for a worker and for its code to be
// loaded before its timeout begins: a credential must not end before its run.
// It ends with the run in any case.
const credentialGrace = 20 * time.Second

// variables returns the environment of one run, exactly as the server SDKs read
// it (admin protocol, section 15).
func (s *Calls) variables(function models.Function, o origin, timeout time.Duration) (map[string]string, error) {
	c := claims{
		Kind: kindInvocation, AppID: o.owner, EnvironmentID: function.EnvironmentID, RequestID: o.requestID,
		ExpiresAt: s.clock().Add(timeout + credentialGrace).UnixMilli(), Depth: o.depth, Source: o.source, IP: o.ip, User: o.user, From: o.from,
	}
	cred, err := s.credentials.issue(c)
	if err != nil {
		return nil, err
	}
	c.Kind = kindUser
	user, err := s.credentials.issue(c)
	if err != nil {
		return nil, err
	}
	endpoint, err := json.Marshal(map[string]string{"URL": s.gatewayURL + "/admin"})
	if err != nil {
		return nil, err
	}
	wx := map[string]string{"WX_APPID": o.owner, "WX_API_TOKEN": user.Token}
	for name, value := range map[string]string{
		"WX_OPENID": o.user.OpenID, "WX_UNIONID": o.user.UnionID, "WX_FROM_APPID": o.from.AppID,
		"WX_FROM_OPENID": o.from.User.OpenID, "WX_FROM_UNIONID": o.from.User.UnionID, "WX_CLIENTIP": o.ip,
	} {
		if value != "" {
			wx[name] = value
		}
	}
	out := map[string]string{
		"TCB_CONTEXT_CNFG":          string(endpoint),
		"TENCENTCLOUD_RUNENV":       "SCF",
		"TENCENTCLOUD_REGION":       Region,
		"TENCENTCLOUD_SECRETID":     cred.SecretID,
		"TENCENTCLOUD_SECRETKEY":    cred.SecretKey,
		"TENCENTCLOUD_SESSIONTOKEN": cred.Token,
		"SCF_NAMESPACE":             function.EnvironmentID,
		"TCB_ENV":                   function.EnvironmentID,
		"TCB_SOURCE":                o.source,
		"TCB_SEQID":                 o.requestID,
		"TCB_CONTEXT_KEYS":          "TCB_ENV,TCB_SEQID,TCB_SOURCE",
		"WX_CONTEXT_KEYS":           strings.Join(slices.Sorted(maps.Keys(wx)), ","),
	}
	maps.Copy(out, wx)
	return out, nil
}

// withUserInfo adds userInfo to the event of a call from WeChat's side, as
// functions written for the vendor's service expect it.
func withUserInfo(event json.RawMessage, o origin) json.RawMessage {
	trimmed := bytes.TrimSpace(event)
	if len(trimmed) == 0 {
		trimmed = []byte("{}")
	}
	if o.user.OpenID == "" || trimmed[0] != '{' {
		return trimmed
	}
	info, err := json.Marshal(map[string]any{"userInfo": map[string]string{"appId": o.owner, "openId": o.user.OpenID}})
	if err != nil {
		return trimmed
	}
	rest := bytes.TrimSpace(trimmed[1:])
	if len(rest) > 0 && rest[0] == '}' {
		return info
	}
	// Of two members with one name JSON.parse takes the last: ours wins.
	out := append([]byte(nil), bytes.TrimSpace(trimmed[:len(trimmed)-1])...)
	out = append(out, ',')
	return append(out, info[1:]...)
}

// Bounds of what is kept of a run.
const (
	keptResult = 4 << 10
	keptError  = 8 << 10
)

// invocationOf is what is kept of a run.
func invocationOf(function models.Function, o origin, started time.Time, result runner.Result) models.Invocation {
	status, known := map[runner.Status]models.InvocationStatus{
		runner.StatusOK: models.InvocationOK, runner.StatusTimedOut: models.InvocationTimedOut,
		runner.StatusOutOfMemory: models.InvocationOutOfMemory, runner.StatusResultTooLarge: models.InvocationTooLarge,
		runner.StatusOverloaded: models.InvocationOverloaded,
	}[result.Status]
	if !known {
		status = models.InvocationFailed
	}
	return models.Invocation{
		ID: o.requestID, EnvironmentID: function.EnvironmentID, FunctionName: function.Name, Version: function.ActiveVersion,
		Trigger: o.trigger, CallerAppID: o.callerApp, CallerOpenID: o.from.User.OpenID, Status: status,
		Error: clip(result.Error, keptError), Result: clip(string(result.Value), keptResult), Logs: logText(result),
		DurationMS: result.Duration.Milliseconds(), MemoryBytes: result.MemoryBytes, Cold: result.Cold, StartedAt: started,
	}
}

// clip cuts text to a number of bytes and drops what a database would refuse.
func clip(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "")
	}
	return strings.ReplaceAll(text, "\x00", "")
}

func logText(result runner.Result) string {
	var b strings.Builder
	for _, line := range result.Logs {
		b.WriteString(line.Time.UTC().Format("15:04:05.000") + " " + line.Stream + " " + strings.TrimSuffix(line.Text, "\n") + "\n")
	}
	if result.LogsTruncated {
		b.WriteString("…\n")
	}
	return clip(b.String(), b.Len())
}
