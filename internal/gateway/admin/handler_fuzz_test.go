package admin_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"envshare/internal/gateway/admin"
)

// FuzzAdminHandler sends bodies that are signed, whatever they are, and headers
// that are not, and demands an answer that the SDK can decode.
func FuzzAdminHandler(f *testing.F) {
	w := plain(f)
	cred, _ := w.Credential(f, appA, "a-main")
	handler := admin.New(admin.Config{}, admin.Deps{
		Calls: w.Services.Calls, Documents: w.Services.Documents, Files: w.Services.Files, Credentials: w.Services.Credentials, Logger: w.Logger, Now: w.clock.now,
	})
	for _, params := range []map[string]any{
		invocation("a-main", "f", "{}"), invocation("b-main", "f", ""), invocation("", "", "{oops"),
		tokenRequest(appB, "b-main"), tokenRequest(appC, "c-main"), tokenRequest(appA, "a-two"), tokenRequest("", ""),
		{"action": "wx.openApi", "apiName": "a.b", "requestData": []byte{1, 2, 3}},
		{"action": "wx.api", "requestData": "{}"}, {"action": "database.getDocument", "query": "{}"}, {"action": 5}, {},
	} {
		params["sessionToken"] = cred.Token
		body, contentType := encode(f, params)
		f.Add(contentType, body, true, "")
		f.Add(contentType, body, false, "TC3-HMAC-SHA256 Credential=a/2026-01-01/tcb/tc3_request, SignedParams=a, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	}
	f.Add("application/json", []byte(`{"action":"functions.invokeFunction","function_name":{"a":[1]},"request_data":{"b":null}}`), true, "")
	f.Add("", []byte(nil), false, "")
	f.Fuzz(func(t *testing.T, contentType string, body []byte, sign bool, authorization string) {
		r := httptest.NewRequest(http.MethodPost, w.url(w.next()), bytes.NewReader(body))
		r.RequestURI = r.URL.RequestURI()
		r.Header["Content-Type"] = []string{contentType}
		r.Header["Authorization"] = []string{authorization}
		if sign {
			// A body that cannot be signed stays unsigned.
			_ = admin.Sign(r, body, admin.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey}, w.clock.now())
		}
		answer := httptest.NewRecorder()
		outcome := handler.Serve(answer, r, "request", "127.0.0.1")
		if answer.Code != http.StatusOK || outcome.Code == "" || len(outcome.Action) > 80 {
			t.Fatalf("%d %+v", answer.Code, outcome)
		}
		checkDecodable(t, answer)
	})
}

// checkDecodable demands a JSON object with a code, or a protobuf message.
func checkDecodable(t *testing.T, answer *httptest.ResponseRecorder) {
	t.Helper()
	text := answer.Body.Bytes()
	switch answer.Header().Get("Content-Type") {
	case "application/json; charset=utf-8":
		var object struct {
			Code    string      `json:"code"`
			ErrCode json.Number `json:"errcode"`
		}
		if err := json.Unmarshal(text, &object); err != nil || (object.Code == "") == (object.ErrCode == "") {
			t.Fatalf("%v in %q", err, text)
		}
	case "application/octet-stream":
		for len(text) > 0 {
			_, _, size := protowire.ConsumeField(text)
			if size < 0 {
				t.Fatalf("not a message: %q", answer.Body.Bytes())
			}
			text = text[size:]
		}
	default:
		t.Fatalf("content type %q", answer.Header().Get("Content-Type"))
	}
}
