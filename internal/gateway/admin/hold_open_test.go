package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHoldOpenOverASocket lets the call end only after the client has seen spaces.
func TestHoldOpenOverASocket(t *testing.T) {
	seen := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop := HoldOpen(w, time.Millisecond)
		defer stop()
		<-seen
		stop()
		if err := WriteAnswer(w, Answer{RequestID: "r"}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()

	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	spaces := make([]byte, 3)
	if _, err := io.ReadFull(resp.Body, spaces); err != nil || string(spaces) != "   " {
		t.Errorf("read %q, %v", spaces, err)
	}
	close(seen)
	rest, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(rest, &got); err != nil {
		t.Fatalf("%v in %q", err, rest)
	}
	if diff := cmp.Diff(map[string]any{"requestId": "r"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := resp.Header.Get("Content-Type"); got != answerType || resp.StatusCode != http.StatusOK || resp.ContentLength != -1 {
		t.Errorf("status %d, content type %q, content length %d", resp.StatusCode, got, resp.ContentLength)
	}
}

func TestHoldOpenWritesAtEachInterval(t *testing.T) {
	for _, tt := range []struct {
		name string
		call time.Duration
		want string
	}{
		{"a short call is left alone", 4 * time.Second, ""},
		{"a call of 16 s", 16 * time.Second, "   "},
		{"a call of 59 s", 59 * time.Second, "           "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := httptest.NewRecorder()
				stop := HoldOpen(w, KeepAlive)
				<-time.After(tt.call)
				stop()
				stop()
				if got := w.Body.String(); got != tt.want {
					t.Errorf("wrote %q, want %q", got, tt.want)
				}
				if w.Flushed != (tt.want != "") {
					t.Errorf("flushed: %v", w.Flushed)
				}
				<-time.After(time.Minute)
				if got := w.Body.String(); got != tt.want {
					t.Errorf("wrote %q after stop", got)
				}
			})
		})
	}
}

func TestHoldOpenEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := HoldOpen(brokenWriter{httptest.NewRecorder()}, KeepAlive)
		<-time.After(time.Minute)
		stop()
	})
}

// slowWriter takes a second for each write.
type slowWriter struct{ http.ResponseWriter }

func (w slowWriter) Write(b []byte) (int, error) {
	<-time.After(time.Second)
	return w.ResponseWriter.Write(b)
}

func TestStopWaitsForTheWriteInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		start := time.Now()
		stop := HoldOpen(slowWriter{w}, KeepAlive)
		<-time.After(KeepAlive + time.Second/2)
		stop()
		if took := time.Since(start); took != KeepAlive+time.Second || w.Body.String() != " " {
			t.Errorf("stop returned after %v with %q written", took, w.Body)
		}
	})
}
