package docdb

import (
	"sync"
	"sync/atomic"
)

// watchers are told when documents of a collection change on this node. What
// another process writes, they do not hear of.
type watchers struct {
	some atomic.Bool // that anybody watches: writes ask nothing else first

	mu sync.Mutex
	of map[collectionName]map[chan struct{}]struct{}
}

// Watch returns a channel that gets a value after documents of a collection were
// changed, once for any number of changes since it was last read. stop ends it.
func (db *DB) Watch(env, name string) (changes <-chan struct{}, stop func()) {
	w := &db.watchers
	key := collectionName{env, name}
	signal := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = map[collectionName]map[chan struct{}]struct{}{}
	}
	if w.of[key] == nil {
		w.of[key] = map[chan struct{}]struct{}{}
	}
	w.of[key][signal] = struct{}{}
	w.some.Store(true)
	return signal, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.of[key], signal); len(w.of[key]) == 0 {
			delete(w.of, key)
		}
		w.some.Store(len(w.of) > 0)
	}
}

// touched are the collections that one write changed.
type touched struct{ names []collectionName }

func (t *touched) add(c *collection) {
	if t == nil {
		return
	}
	name := collectionName{c.environment, c.name}
	for _, known := range t.names {
		if known == name {
			return
		}
	}
	t.names = append(t.names, name)
}

// tell wakes who watches what a write changed, which must be committed.
func (w *watchers) tell(t *touched) {
	if len(t.names) == 0 || !w.some.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range t.names {
		for signal := range w.of[name] {
			select {
			case signal <- struct{}{}:
			default: // it has one to read already
			}
		}
	}
}
