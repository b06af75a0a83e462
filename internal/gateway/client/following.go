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

	mu      sync.Mutex
	current int64
	history []event // the latest ones, oldest first

	left time.Time // when its socket ended; guarded by followings
}

const (
	// firstEvent is the id of the documents with which a watch begins.
	firstEvent = 1
	// maxHistory bounds the events that are kept for a client that comes back.
	maxHistory = 500
	// calm is how long changes are gathered before they are sent.
	calm = 50 * time.Millisecond
	// reconsider is how often it is decided again whether a watch may go on.
	reconsider = 2 * time.Second
)

func newFollowing(w *service.Watch, person string) *following {
	return &following{id: rand.Text(), person: person, watch: w, current: firstEvent, cancel: func() {}}
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

// run hands on what changes until ctx ends, or until the watch may not go on.
func (f *following) run(ctx context.Context, send func([]event) error) error {
	again := time.NewTicker(reconsider)
	defer again.Stop()
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
		}
		wait(ctx, calm)
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
	f.history = append(f.history, events...)
	if n := len(f.history) - maxHistory; n > 0 {
		f.history = append([]event(nil), f.history[n:]...)
	}
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
	for i, e := range f.history {
		if e.ID > id {
			return append([]event(nil), f.history[i:]...), i > 0 && f.history[i-1].ID <= id || e.ID == id+1 && (i > 0 || len(f.history) < maxHistory)
		}
	}
	return nil, id == f.current
}

// followings are all watches, with and without a socket.
type followings struct {
	mu  sync.Mutex
	all map[string]*following
	of  map[string]int // of a person
}

const (
	// keepFollowing is how long a watch waits for its client to come back. The SDK
	// gives up after 162 s.
	keepFollowing = 3 * time.Minute
	maxFollowing  = 5000
	maxOfPerson   = 100
)

// room reports whether a person may follow one more, and drops what nobody came
// back for.
func (a *followings) room(person string) bool {
	a.mu.Lock()
	var over []*following
	for _, f := range a.all {
		if !f.left.IsZero() && time.Since(f.left) > keepFollowing {
			over = append(over, f)
		}
	}
	ok := len(a.all)-len(over) < maxFollowing && a.of[person] < maxOfPerson
	a.mu.Unlock()
	for _, f := range over {
		a.drop(f)
	}
	return ok
}

func (a *followings) add(f *following) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil {
		a.all, a.of = map[string]*following{}, map[string]int{}
	}
	a.all[f.id] = f
	a.of[f.person]++
}

// drop ends a watch, once.
func (a *followings) drop(f *following) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[f.id] != f {
		return
	}
	delete(a.all, f.id)
	if a.of[f.person]--; a.of[f.person] == 0 {
		delete(a.of, f.person)
	}
	f.watch.Close()
}

// find returns a person's watch.
func (a *followings) find(id, person string) *following {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.all[id]; f != nil && f.person == person {
		return f
	}
	return nil
}

// take gives a watch that lost its socket to another one.
func (a *followings) take(f *following) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[f.id] != f || f.left.IsZero() {
		return false
	}
	f.left = time.Time{}
	return true
}

// leave notes that a watch has no socket.
func (a *followings) leave(f *following) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.left = time.Now()
}
