package service

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// facts is an immutable snapshot of what decides calls, and a cache of the
// functions looked up under it. Any change counts the revision up, and a new
// revision is a new facts with an empty cache.
type facts struct {
	store.AccessFacts
	functions sync.Map // functionKey -> models.Function
	rules     sync.Map // ruleKey -> *rules.Set or *rules.Functions
}

// loginOfOrigin returns the official account that a page's origin belongs to.
func (f *facts) loginOfOrigin(origin string) string {
	scheme, host, ok := strings.Cut(origin, "://")
	if !ok {
		return ""
	}
	return f.loginOf(scheme, host)
}

// knowsOrigin reports whether any environment lists a page's origin.
func (f *facts) knowsOrigin(origin string) bool {
	for _, policy := range f.Policies {
		if policy.AllowsOrigin(origin) {
			return true
		}
	}
	return false
}

type functionKey struct{ environment, name string }

// callFacts gathers what decides a call of caller in an environment.
func (f *facts) callFacts(caller models.Caller, env string) models.CallFacts {
	return models.CallFacts{
		Caller: caller, Env: env, Owner: f.Owners[env],
		Grant: f.Grants[store.GrantKey{GranteeAppID: caller.AppID, EnvironmentID: env}],
	}
}

// factsHolder keeps the current facts. Other processes (commands, other nodes)
// change the database too, so every call compares the revision first; calls
// that arrive while a comparison runs share the next one, never the running one,
// which may have read before a change that they must see.
type factsHolder struct {
	store   *store.Store
	clock   func() time.Time
	current atomic.Pointer[facts]

	mu      sync.Mutex
	next    *factsBatch
	running bool
}

type factsBatch struct {
	done  chan struct{}
	facts *facts
	err   error
}

func newFactsHolder(s *store.Store, clock func() time.Time) *factsHolder {
	return &factsHolder{store: s, clock: clock}
}

// factsTimeout bounds one comparison, which serves many callers and so does not
// end with any one of them.
const factsTimeout = 10 * time.Second

// fresh returns facts that hold every change acknowledged before the call.
func (h *factsHolder) fresh(ctx context.Context) (*facts, error) {
	h.mu.Lock()
	batch := h.next
	if batch == nil {
		batch = &factsBatch{done: make(chan struct{})}
		h.next = batch
	}
	lead := !h.running
	h.running = true
	h.mu.Unlock()
	if lead {
		h.serveOne()
	}
	select {
	case <-batch.done:
		return batch.facts, batch.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serveOne compares for the batch that waits, on the caller's own goroutine,
// and hands those that came meanwhile to a new one.
func (h *factsHolder) serveOne() {
	h.mu.Lock()
	batch := h.next
	h.next = nil
	h.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), factsTimeout)
	batch.facts, batch.err = h.compare(ctx)
	cancel()
	close(batch.done)

	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next == nil {
		h.running = false
		return
	}
	go h.serveOne()
}

func (h *factsHolder) compare(ctx context.Context) (*facts, error) {
	revision, err := h.store.Access.Revision(ctx)
	if err != nil {
		return nil, err
	}
	if current := h.current.Load(); current != nil && current.Revision == revision {
		return current, nil
	}
	loaded, err := h.store.Access.Load(ctx, h.clock())
	if err != nil {
		return nil, err
	}
	f := &facts{AccessFacts: loaded}
	h.current.Store(f)
	return f, nil
}
