package admin

import (
	"net/http"
	"sync"
	"time"
)

// KeepAlive is how often HoldOpen should write. The SDK gives up after 15 s
// without a byte (admin protocol, section 16).
const KeepAlive = 5 * time.Second

// HoldOpen keeps the caller of a long JSON action waiting: it writes one space,
// which the SDK's parser skips, after every interval. It must not be used for
// multipart actions, whose answers are bytes.
//
// Until stop has returned, w belongs to HoldOpen. stop waits for a write in
// progress, may be called more than once, and must be called before the answer is
// written and before the handler returns.
func HoldOpen(w http.ResponseWriter, interval time.Duration) (stop func()) {
	w.Header().Set("Content-Type", answerType)
	w.Header().Set("X-Content-Type-Options", "nosniff")

	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		writeSpaces(w, interval, quit)
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-done
	})
}

func writeSpaces(w http.ResponseWriter, interval time.Duration, quit <-chan struct{}) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	flusher := http.NewResponseController(w)
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
		}
		// An error means that the caller is gone; the answer's own write reports it.
		if _, err := w.Write([]byte{' '}); err != nil {
			return
		}
		if err := flusher.Flush(); err != nil {
			return
		}
	}
}
