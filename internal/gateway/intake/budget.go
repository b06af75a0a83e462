// Package intake bounds what requests put into this server's memory before it
// knows who sent them. It must not know any protocol.
package intake

import (
	"errors"
	"io"
	"net/netip"
	"sync"

	"envshare/models"
)

// ErrBusy says that the bodies in memory have reached their limit.
var ErrBusy = errors.New("too many bytes of requests in memory")

// Budget bounds the memory that the bodies of all requests take together: a body
// is in memory before anybody knows who sent it. It counts what has arrived, not
// what was announced. One sender takes at most half, so that nobody alone can
// have everybody else refused.
type Budget struct {
	// Limit is in bytes; set it before the first request.
	Limit int64

	mu      sync.Mutex
	used    int64
	senders map[netip.Prefix]int64
}

// Metered is a body that is counted while it is read. It counts until Release,
// because what was decoded from it shares its memory.
type Metered struct {
	io.ReadCloser
	budget *Budget
	sender netip.Prefix
	taken  int64
}

// Meter counts a body that came from an address.
func (b *Budget) Meter(body io.ReadCloser, ip string) *Metered {
	return &Metered{ReadCloser: body, budget: b, sender: models.Sender(ip)}
}

func (m *Metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.taken += int64(n)
	if !m.budget.take(m.sender, int64(n)) {
		return n, ErrBusy
	}
	return n, err
}

// Release gives back what was taken, once.
func (m *Metered) Release() {
	m.budget.take(m.sender, -m.taken)
	m.taken = 0
}

// take counts bytes, which are in memory already, and reports whether there may
// be as many.
func (b *Budget) take(sender netip.Prefix, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	if !sender.IsValid() {
		return b.used <= b.Limit
	}
	if b.senders == nil {
		b.senders = make(map[netip.Prefix]int64)
	}
	b.senders[sender] += n
	own := b.senders[sender]
	if own == 0 {
		delete(b.senders, sender)
	}
	return b.used <= b.Limit && own <= b.Limit/2
}
