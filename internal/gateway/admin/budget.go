package admin

import (
	"errors"
	"io"
	"net/netip"
	"sync"
)

// errBusy says that the bodies in memory have reached their limit.
var errBusy = errors.New("too many bytes of requests in memory")

// budget bounds the memory that the bodies of all requests take together: a body
// is in memory before anybody knows who sent it. It counts what has arrived, not
// what was announced. One sender takes at most half, so that nobody alone can
// have everybody else refused.
type budget struct {
	limit int64 // bytes

	mu      sync.Mutex
	used    int64
	senders map[netip.Prefix]int64
}

// metered is a body that is counted while it is read. It counts until release,
// because what was decoded from it shares its memory.
type metered struct {
	io.ReadCloser
	budget *budget
	sender netip.Prefix
	taken  int64
}

// meter counts a body that came from an address.
func (b *budget) meter(body io.ReadCloser, ip string) *metered {
	return &metered{ReadCloser: body, budget: b, sender: senderOf(ip)}
}

// senderOf returns what counts as one sender: an IPv4 address, or the /64 that
// one household gets of IPv6. The zero prefix stands for this machine, whose
// workers and proxy send on behalf of everybody.
func senderOf(ip string) netip.Prefix {
	address, err := netip.ParseAddr(ip)
	if err != nil || address.Unmap().IsLoopback() {
		return netip.Prefix{}
	}
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // never fails for these lengths
	return prefix
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.taken += int64(n)
	if !m.budget.take(m.sender, int64(n)) {
		return n, errBusy
	}
	return n, err
}

// release gives back what was taken, once.
func (m *metered) release() {
	m.budget.take(m.sender, -m.taken)
	m.taken = 0
}

// take counts bytes, which are in memory already, and reports whether there may
// be as many.
func (b *budget) take(sender netip.Prefix, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	if !sender.IsValid() {
		return b.used <= b.limit
	}
	if b.senders == nil {
		b.senders = make(map[netip.Prefix]int64)
	}
	b.senders[sender] += n
	own := b.senders[sender]
	if own == 0 {
		delete(b.senders, sender)
	}
	return b.used <= b.limit && own <= b.limit/2
}
