package client

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"envshare/internal/service"
)

// event is a change of one document as the SDK reads it. All events of one change
// have one ID, the next change has the next.
type event struct {
	ID        int64  `json:"ID"`
	DataType  string `json:"DataType"`
	QueueType string `json:"QueueType"`
	DocID     string `json:"DocID"`
	Doc       string `json:"Doc,omitempty"`
}

// following is a watch as one client sees it. It outlives its socket for a while.
type following struct {
	id     string
	person string
	watch  *service.Watch
	cancel context.CancelFunc
	// closing ends the watch.
	closing func()

	mu      sync.Mutex
	current int64
	history history

	holder *socket       // that follows it; guarded by followings
	freed  chan struct{} // closed when that socket has let go of it; guarded by followings
	ended  chan struct{} // closed when run has ended on that socket
	left   bool          // it has no socket; guarded by followings
	expiry *time.Timer   // ends it when nobody comes back; guarded by followings
}

const (
	// firstEvent is the id of the documents with which a watch begins.
	firstEvent = 1
	// calm is how long changes are gathered before they are sent.
	calm = 50 * time.Millisecond
	// reconsider is how often it is decided again whether a watch may go on.
	reconsider = 2 * time.Second
)

func (a *followings) follow(w *service.Watch, person string) *following {
	return &following{id: rand.Text(), person: person, watch: w, closing: w.Close, current: firstEvent, cancel: func() {}, history: history{kept: &a.bytes}}
}

// begin returns the documents that match when the watch begins.
func (f *following) begin(ctx context.Context) ([]event, error) {
	changes, err := f.watch.Next(ctx)
	if err != nil {
		return nil, err
	}
	events := make([]event, len(changes))
	for i, c := range changes {
		events[i] = event{ID: firstEvent, DataType: "init", QueueType: "init", DocID: c.ID, Doc: string(plain([]byte(c.Doc)))}
	}
	return events, nil
}

// run hands on what changes until ctx ends, or until the watch may not go on. One
// that was taken up again looks at once: what woke it last may have been lost with
// its socket.
func (f *following) run(ctx context.Context, resumed bool, send func([]event) error) error {
	again := time.NewTicker(reconsider)
	defer again.Stop()
	first := make(chan struct{}, 1)
	if resumed {
		first <- struct{}{}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			if err := f.watch.Allowed(ctx); err != nil {
				return err
			}
			continue
		case <-f.watch.Changed():
			wait(ctx, calm)
		case <-first:
		}
		changes, err := f.watch.Next(ctx)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			continue
		}
		if err := send(f.take(changes)); err != nil {
			return nil // the socket is gone, and the history has the events
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// take makes the events of a change and keeps them.
func (f *following) take(changes []service.WatchChange) []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current++
	events := make([]event, len(changes))
	for i, c := range changes {
		events[i] = event{ID: f.current, DocID: c.ID, Doc: string(plain([]byte(c.Doc)))}
		e := &events[i]
		switch {
		case c.Kind == service.Entered:
			e.QueueType, e.DataType = "enqueue", "add"
		case c.Kind == service.Changes:
			e.QueueType, e.DataType = "update", "update"
		case c.Stays:
			e.QueueType, e.DataType = "dequeue", "update"
		default:
			e.QueueType, e.DataType = "dequeue", "remove"
		}
	}
	f.history.add(events)
	return events
}

// state is what an answer says of a watch beside its events.
func (f *following) state(events []event) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if events == nil {
		events = []event{}
	}
	return map[string]any{"queryID": f.id, "currEvent": f.current, "events": events}
}

// since returns the events after one; ok is false when some of them were dropped.
func (f *following) since(id int64) (events []event, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id > f.current || id < firstEvent {
		return nil, false
	}
	return f.history.since(id)
}
