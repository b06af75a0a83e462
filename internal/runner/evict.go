package runner

import (
	"errors"
	"slices"
)

// ErrEvicted is returned by Invoke to a call that waited when its environment was
// evicted.
var ErrEvicted = errors.New("environment was deleted")

// Evict ends all workers of an environment at once, busy ones too: their
// invocations fail, and so do those that wait for a worker. For an environment that
// is gone.
func (r *Runner) Evict(environmentID string) {
	r.mu.Lock()
	defer r.mu.Unlock()

	for _, p := range r.pools {
		if p.version.EnvironmentID != environmentID {
			continue
		}
		p.generation++
		for len(p.waiters) > 0 {
			r.dequeue(p, 0).granted <- outcome{err: ErrEvicted}
		}
		for _, w := range slices.Clone(p.workers) {
			r.end(w, fate{StatusCrashed, "The function's environment was deleted."})
		}
		r.forget(p)
	}
	r.rebalance()
}
