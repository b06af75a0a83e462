package runner

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// tail drains a pipe and keeps the last bytes of it, so that a process that floods its raw output is never blocked and
// never costs memory.
type tail struct {
	lastBytes
	pipe *os.File
	done chan struct{}
}

const tailBytes = 8 << 10

func newTail(pipe *os.File) *tail {
	t := &tail{lastBytes: lastBytes{limit: tailBytes}, pipe: pipe, done: make(chan struct{})}
	go t.drain()
	return t
}

func (t *tail) drain() {
	defer close(t.done)

	_, _ = io.Copy(&t.lastBytes, t.pipe) // ends when every end that can be written to is closed
}

// wait returns when the pipe was read to its end, or after limit, and closes it.
func (t *tail) wait(limit time.Duration) {
	select {
	case <-t.done:
	case <-time.After(limit):
	}
	_ = t.pipe.Close()
	<-t.done
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct {
	limit int

	mu   sync.Mutex
	kept []byte
}

func (l *lastBytes) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.kept = append(l.kept, p...)
	if over := len(l.kept) - l.limit; over > 0 {
		l.kept = append(l.kept[:0], l.kept[over:]...)
	}
	return len(p), nil
}

func (l *lastBytes) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()

	return strings.ToValidUTF8(string(l.kept), "")
}
