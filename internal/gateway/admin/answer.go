package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// answerType is the one spelling by which the SDK tells JSON from bytes in the
// answers of multipart actions (admin protocol, section 4). JSON actions do not
// look at it, so every JSON answer uses it.
const answerType = "application/json; charset=utf-8"

// Answer is a success. It has no member code: the SDK takes any truthy code, even
// SUCCESS, for a failure.
type Answer struct {
	RequestID string `json:"requestId"`
	// TransactionID is set by database.startTransaction only; under Data the SDK
	// would not find it and silently work outside the transaction.
	TransactionID string `json:"transactionId,omitempty"`
	// Data is anything encoding/json can write; json.RawMessage for text made elsewhere.
	Data any `json:"data,omitempty"`
}

// Failure is a refusal by a code of admin protocol, section 5.
type Failure struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
}

// WriteAnswer writes a success of a JSON action. Every Write function of this
// package answers with HTTP 200, because the SDK discards the code of any other
// status, and must be called at most once per request, after the stop function of
// HoldOpen. An error before the first byte means that nothing was written.
func WriteAnswer(w http.ResponseWriter, a Answer) error {
	return writeJSON(w, a)
}

// WriteFailure writes a refusal of an action of either kind. An empty code would
// read as a success and is an error.
func WriteFailure(w http.ResponseWriter, f Failure) error {
	if f.Code == "" {
		return errors.New("failure without a code")
	}
	return writeJSON(w, f)
}

// WriteRefusal writes the refusal of getCrossAccountToken that reaches the caller
// of init() unchanged (admin protocol, section 12): errCode as cloudbase_auth
// wrote it, whatever its size or form. Zero would not be a refusal; the caller
// has seen to that. An empty errCode is an error.
func WriteRefusal(w http.ResponseWriter, errCode json.Number, errMsg string) error {
	if errCode == "" {
		return errors.New("refusal without an errcode")
	}
	return writeJSON(w, struct {
		Code    json.Number `json:"errcode"`
		Message string      `json:"errmsg"`
	}{errCode, errMsg})
}

// WriteBytes writes the success of a multipart action: a protobuf message, or the
// JSON text of wx.wxPayApi, which the SDK rejects when it is labelled JSON.
func WriteBytes(w http.ResponseWriter, body []byte) error {
	return writeBody(w, "application/octet-stream", body)
}

func writeJSON(w http.ResponseWriter, v any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return writeBody(w, answerType, bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

func writeBody(w http.ResponseWriter, contentType string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	// Without effect once HoldOpen has sent the headers; the body is chunked then.
	h.Set("Content-Length", strconv.Itoa(len(body)))
	// The first Write implies 200; WriteHeader would be a second one after HoldOpen.
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}
