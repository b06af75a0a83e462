package admin

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

func TestAnswers(t *testing.T) {
	const jsonAnswer = "application/json; charset=utf-8"
	for _, tt := range []struct {
		name              string
		write             func(http.ResponseWriter) error
		contentType, body string
	}{
		{
			"success",
			func(w http.ResponseWriter) error {
				return WriteAnswer(w, Answer{RequestID: "r", Data: json.RawMessage(`{"list":["{\"a\":\"<&>\"}"]}`)})
			},
			jsonAnswer, `{"requestId":"r","data":{"list":["{\"a\":\"<&>\"}"]}}`,
		},
		{
			"success with encoded data",
			func(w http.ResponseWriter) error {
				return WriteAnswer(w, Answer{RequestID: "r", Data: map[string]any{"response_data": "<中文>"}})
			},
			jsonAnswer, `{"requestId":"r","data":{"response_data":"<中文>"}}`,
		},
		{
			"transaction id stands beside data",
			func(w http.ResponseWriter) error {
				return WriteAnswer(w, Answer{RequestID: "r", TransactionID: "tx-1"})
			},
			jsonAnswer, `{"requestId":"r","transactionId":"tx-1"}`,
		},
		{
			"success without data",
			func(w http.ResponseWriter) error { return WriteAnswer(w, Answer{RequestID: "r"}) },
			jsonAnswer, `{"requestId":"r"}`,
		},
		{
			"failure",
			func(w http.ResponseWriter) error {
				return WriteFailure(w, Failure{Code: "SIGN_PARAM_INVALID", Message: "a \"b\" <c>", RequestID: "r"})
			},
			jsonAnswer, `{"code":"SIGN_PARAM_INVALID","message":"a \"b\" <c>","requestId":"r"}`,
		},
		{
			"refusal",
			func(w http.ResponseWriter) error { return WriteRefusal(w, "40103", "会员已过期") },
			jsonAnswer, `{"errcode":40103,"errmsg":"会员已过期"}`,
		},
		{
			"refusal by a number that no float holds",
			func(w http.ResponseWriter) error { return WriteRefusal(w, "-12345678901234567890.5e+7", "") },
			jsonAnswer, `{"errcode":-12345678901234567890.5e+7,"errmsg":""}`,
		},
		{
			"bytes",
			func(w http.ResponseWriter) error { return WriteBytes(w, []byte{0x18, 0xff, 0x01}) },
			"application/octet-stream", "\x18\xff\x01",
		},
		{
			"no bytes",
			func(w http.ResponseWriter) error { return WriteBytes(w, nil) },
			"application/octet-stream", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := tt.write(w); err != nil {
				t.Fatal(err)
			}
			if w.Code != http.StatusOK {
				t.Errorf("status %d", w.Code)
			}
			if got := w.Header().Get("Content-Type"); got != tt.contentType {
				t.Errorf("content type %q, want %q", got, tt.contentType)
			}
			if got := w.Body.String(); got != tt.body {
				t.Errorf("body %s, want %s", got, tt.body)
			}
			if got := w.Header().Get("Content-Length"); got != strconv.Itoa(len(tt.body)) {
				t.Errorf("content length %s, want %d", got, len(tt.body))
			}
		})
	}
}

func TestAnswersThatCannotBeWritten(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter) error{
		"data that is no JSON": func(w http.ResponseWriter) error { return WriteAnswer(w, Answer{Data: json.RawMessage(`{`)}) },
		"data that has no JSON": func(w http.ResponseWriter) error {
			return WriteAnswer(w, Answer{Data: math.NaN()})
		},
		"failure without a code":  func(w http.ResponseWriter) error { return WriteFailure(w, Failure{Message: "m"}) },
		"refusal without a code":  func(w http.ResponseWriter) error { return WriteRefusal(w, "", "m") },
		"refusal by no number":    func(w http.ResponseWriter) error { return WriteRefusal(w, `1,"data":{}`, "m") },
		"refusal by a word":       func(w http.ResponseWriter) error { return WriteRefusal(w, "NaN", "m") },
		"refusal by an odd digit": func(w http.ResponseWriter) error { return WriteRefusal(w, "007", "m") },
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := write(w); err == nil {
				t.Error("no error")
			}
			if w.Body.Len() > 0 || len(w.Header()) > 0 {
				t.Errorf("wrote %v, %s", w.Header(), w.Body)
			}
		})
	}
}

// brokenWriter is a connection that the caller has closed.
type brokenWriter struct{ http.ResponseWriter }

var errClosed = errors.New("closed")

func (brokenWriter) Write([]byte) (int, error) { return 0, errClosed }

func TestWriteErrorsAreReported(t *testing.T) {
	if err := WriteAnswer(brokenWriter{httptest.NewRecorder()}, Answer{}); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}
