package admin

import (
	"errors"
	"io"
	"sync/atomic"
)

// errBusy says that the bodies in memory have reached their limit.
var errBusy = errors.New("too many bytes of requests in memory")

// budget bounds the memory that the bodies of all requests take together: a body
// is in memory before anybody knows who sent it. It counts what has arrived, not
// what was announced.
type budget struct {
	limit int64 // bytes
	used  atomic.Int64
}

// metered is a body that is counted while it is read. It counts until release,
// because what was decoded from it shares its memory.
type metered struct {
	io.ReadCloser
	budget *budget
	taken  int64
}

func (b *budget) meter(body io.ReadCloser) *metered {
	return &metered{ReadCloser: body, budget: b}
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.taken += int64(n)
	if m.budget.used.Add(int64(n)) > m.budget.limit {
		return n, errBusy
	}
	return n, err
}

// release gives back what was taken, once.
func (m *metered) release() {
	m.budget.used.Add(-m.taken)
	m.taken = 0
}
