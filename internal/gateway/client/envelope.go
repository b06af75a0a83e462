package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// request is the body of jsoperatewxdata (client protocol, section 2.3).
type request struct {
	AppID string `json:"appid"` // of the environment's owner
	Data  struct {
		API     string          `json:"qbase_api_name"`
		Request json.RawMessage `json:"qbase_req"` // a JSON string, or null
		Options struct {
			Identityless bool   `json:"identityless"`
			AppID        string `json:"appid"`
			ResourceEnv  string `json:"resourceEnv"`
			Env          string `json:"env"`
			TraceUser    bool   `json:"traceUser"`
		} `json:"qbase_options"`
		Meta struct {
			SessionID string `json:"session_id"`
		} `json:"qbase_meta"`
	} `json:"data"`
	AccessToken string `json:"access_token"`
}

// env is the environment that a call names.
func (r *request) env() string {
	if r.Data.Options.Env != "" {
		return r.Data.Options.Env
	}
	return r.Data.Options.ResourceEnv
}

// params reads the parameters of a call, which come as JSON in a string.
func (r *request) params(into any) error {
	var text string
	if err := json.Unmarshal(r.Data.Request, &text); err != nil {
		return malformed(err)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return malformed(err)
	}
	return nil
}

// baseResponse stands in every inner answer. The SDK reads through stat and fails
// where it is missing.
type baseResponse struct {
	ErrCode json.Number `json:"errcode"`
	ErrMsg  string      `json:"errmsg"`
	Stat    struct {
		Cost int64 `json:"qbase_cost_time"` // milliseconds
	} `json:"stat"`
}

// inner is the answer of a call: the fields of the protocol beside baseresponse.
type inner map[string]any

// seal completes an inner answer.
func (in inner) sealed(errCode json.Number, errMsg string, took time.Duration) inner {
	if in == nil {
		in = inner{}
	}
	base := baseResponse{ErrCode: errCode, ErrMsg: errMsg}
	base.Stat.Cost = took.Milliseconds()
	in["baseresponse"] = base
	return in
}

// baseResp begins every answer; ret 0 is a success.
type baseResp struct {
	Ret    int    `json:"ret"`
	ErrMsg string `json:"errmsg"`
}

// outer is an answer without an inner one: of logins, or a refusal.
type outer map[string]any

// writeInner answers a call with the inner answer as text inside of the outer one.
func writeInner(w http.ResponseWriter, in inner) error {
	text, err := marshal(in)
	if err != nil {
		return err
	}
	return write(w, outer{"base_resp": baseResp{0, "ok"}, "data": string(text)})
}

// writeOuter answers a login call, or refuses any.
func writeOuter(w http.ResponseWriter, ret int, message string, fields outer) error {
	if fields == nil {
		fields = outer{}
	}
	if message == "" {
		message = "ok"
	}
	fields["base_resp"] = baseResp{ret, message}
	return write(w, fields)
}

func write(w http.ResponseWriter, v any) error {
	body, err := marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK) // any other status loses the answer
	_, err = w.Write(body)
	return err
}

// marshal writes JSON without a literal apostrophe: WeChat's own example of an
// adapter turns each into a quotation mark (client protocol, section 2.3).
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return plain(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// plain writes every apostrophe of a JSON text as an escape. They occur only inside
// of strings.
func plain(text []byte) []byte { return bytes.ReplaceAll(text, []byte("'"), []byte(`\u0027`)) }
