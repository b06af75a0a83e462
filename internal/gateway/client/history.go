package client

import "sync/atomic"

// Bounds of what is kept for clients that come back: per watch, and of the text of
// all watches together.
const (
	maxHistory      = 500      // events
	maxHistoryBytes = 1 << 20  // of documents
	maxHistories    = 64 << 20 // bytes of documents of all watches
)

// history is the latest events of a watch, oldest first. It is not safe for
// concurrent use; kept, the bytes of all histories, is.
type history struct {
	events []event
	bytes  int
	lost   int64 // the latest event of whose change something was dropped
	kept   *atomic.Int64
	over   bool // nothing is kept any more
}

// add keeps the events of a change, and drops what is too much.
func (h *history) add(events []event) {
	if h.over {
		return
	}
	for _, e := range events {
		h.bytes += len(e.Doc)
		h.kept.Add(int64(len(e.Doc)))
	}
	h.events = append(h.events, events...)
	over := 0
	for over < len(h.events) && (len(h.events)-over > maxHistory || h.bytes > maxHistoryBytes || h.bytes > 0 && h.kept.Load() > maxHistories) {
		h.lost = h.events[over].ID
		h.bytes -= len(h.events[over].Doc)
		h.kept.Add(-int64(len(h.events[over].Doc)))
		over++
	}
	if over > 0 {
		h.events = append([]event(nil), h.events[over:]...) // what was dropped is free
	}
}

// since returns the events after one; ok is false when some of them were dropped.
func (h *history) since(id int64) (events []event, ok bool) {
	if id < h.lost {
		return nil, false
	}
	for i, e := range h.events {
		if e.ID > id {
			return append([]event(nil), h.events[i:]...), true
		}
	}
	return nil, true
}

// drop forgets everything, for good.
func (h *history) drop() {
	h.kept.Add(-int64(h.bytes))
	h.events, h.bytes, h.over = nil, 0, true
}
