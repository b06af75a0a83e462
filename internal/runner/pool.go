package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"
)

// pool is the workers of one version with one configuration, and the calls that wait for them. Runner.mu guards it.
type pool struct {
	key         string
	version     Version
	workers     []*worker // loaded ones
	starting    int
	generation  int // counts Retire
	waiters     []*waiter
	queuedSince time.Time // start of the present queue, short gaps aside
	emptySince  time.Time
	lastGrowth  time.Time
}

// waiter is a call that waits for a worker.
type waiter struct {
	call    *call
	arrived time.Time
	granted chan outcome // holds one
}

// outcome is what a waiter gets: a worker that has its call, or the reason why there is none.
type outcome struct {
	worker *worker
	err    error
}

func (v Version) key() string {
	variables, _ := json.Marshal(v.Variables) // sorted, and strings cannot fail
	return fmt.Sprintf("%s\x00%s\x00%d\x00%d\x00%s", v.ID, v.Dir, v.MemoryMB, v.Concurrency, variables)
}

// acquire gets c a worker. A nil worker without error means that c is already finished.
func (r *Runner) acquire(ctx context.Context, v Version, c *call) (*worker, error) {
	key := v.key()
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, ErrClosed
	}
	p := r.pools[key]
	if p == nil {
		p = &pool{key: key, version: v}
		r.pools[key] = p
	}
	if len(p.waiters) == 0 {
		if w := r.pick(p, c); w != nil {
			r.begin(w, c)
			r.mu.Unlock()
			return w, nil
		}
	}
	q := &waiter{call: c, arrived: time.Now(), granted: make(chan outcome, 1)}
	r.enqueue(p, q)
	r.rebalance()
	r.mu.Unlock()

	timer := time.NewTimer(r.cfg.QueueWait)
	defer timer.Stop()
	select {
	case got := <-q.granted:
		return got.worker, got.err
	case <-timer.C:
		return r.giveUp(p, q, nil)
	case <-ctx.Done():
		return r.giveUp(p, q, ctx.Err())
	}
}

// giveUp takes q out of the queue, unless it was served at this very moment.
func (r *Runner) giveUp(p *pool, q *waiter, cause error) (*worker, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	i := slices.Index(p.waiters, q)
	if i < 0 {
		got := <-q.granted
		return got.worker, got.err
	}
	r.dequeue(p, i)
	r.forget(p)
	if cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return nil, cause
	}
	q.call.result = Result{Status: StatusOverloaded, Error: "All workers are busy; the function was not started."}
	q.call.finished = true
	close(q.call.done)
	return nil, nil
}

// enqueue keeps deeper calls in front: calls from outside may be waiting for them.
func (r *Runner) enqueue(p *pool, q *waiter) {
	if len(p.waiters) == 0 && q.arrived.Sub(p.emptySince) > queueGap {
		p.queuedSince = q.arrived
	}
	i := sort.Search(len(p.waiters), func(i int) bool { return p.waiters[i].call.depth < q.call.depth })
	p.waiters = slices.Insert(p.waiters, i, q)
	r.queued++
}

func (r *Runner) dequeue(p *pool, i int) *waiter {
	q := p.waiters[i]
	p.waiters = slices.Delete(p.waiters, i, i+1)
	r.queued--
	if len(p.waiters) == 0 {
		p.emptySince = time.Now()
	}
	return q
}

// forget drops a pool that has nothing left.
func (r *Runner) forget(p *pool) {
	if len(p.workers)+p.starting+len(p.waiters) == 0 && r.pools[p.key] == p {
		delete(r.pools, p.key)
	}
}

// refuseWaiting tells everybody in a queue that the runner is closed.
func (r *Runner) refuseWaiting() {
	for _, p := range r.pools {
		for len(p.waiters) > 0 {
			r.dequeue(p, 0).granted <- outcome{err: ErrClosed}
		}
	}
}

// pick returns a worker with room for c: the one with the fewest calls, among those the one used last, so that workers
// beyond the need fall idle.
func (r *Runner) pick(p *pool, c *call) *worker {
	capped := c.depth <= 0 && r.capped(p.version.EnvironmentID)
	var best *worker
	for _, w := range p.workers {
		if w.retiring || w.ended || len(w.calls) >= p.version.Concurrency || capped && w.outside == 0 {
			continue
		}
		if best == nil || len(w.calls) < len(best.calls) ||
			len(w.calls) == len(best.calls) && w.lastUsed.After(best.lastUsed) {
			best = w
		}
	}
	return best
}

// rebalance hands free workers to those who wait and starts workers where that is due; mu is held. It is called
// whenever one of the two may have changed, and every scaleStep while somebody waits.
func (r *Runner) rebalance() {
	if r.queued == 0 || r.closed {
		return
	}
	for _, p := range r.waitingPools() {
		if r.starved(p) {
			r.grow(p) // before others hand on the worker that it may take the place of
		}
		for len(p.waiters) > 0 {
			w := r.pick(p, p.waiters[0].call)
			if w == nil {
				break
			}
			q := r.dequeue(p, 0)
			r.begin(w, q.call)
			q.granted <- outcome{worker: w}
		}
		r.grow(p)
	}
	if r.queued == 0 {
		return
	}
	if r.scaleTimer == nil {
		r.scaleTimer = time.AfterFunc(scaleStep, func() {
			r.mu.Lock()
			defer r.mu.Unlock()

			r.rebalance()
		})
		return
	}
	r.scaleTimer.Reset(scaleStep)
}

// waitingPools lists the pools with a queue, the deepest and longest waiting call first.
func (r *Runner) waitingPools() []*pool {
	var list []*pool
	for _, p := range r.pools {
		if len(p.waiters) > 0 {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *pool) int {
		if d := b.waiters[0].call.depth - a.waiters[0].call.depth; d != 0 {
			return d
		}
		return a.waiters[0].arrived.Compare(b.waiters[0].arrived)
	})
	return list
}

func (r *Runner) starved(p *pool) bool { return len(p.workers)+p.starting == 0 }

// retire ends w when its calls are done; mu is held.
func (r *Runner) retire(w *worker) {
	w.retiring = true
	if len(w.calls) == 0 && (w.loading == nil || w.loading.finished) {
		r.end(w, fate{})
	}
}

// end kills w and takes it out of the counts; mu is held. Its calls are settled when its process is gone.
func (r *Runner) end(w *worker, f fate) {
	w.kill(f)
	r.detach(w)
}

func (r *Runner) detach(w *worker) {
	if w.counted {
		w.counted = false
		r.assigned--
	}
	if w.pool == nil {
		r.dropSpare(w)
		return
	}
	if i := slices.Index(w.pool.workers, w); i >= 0 {
		w.pool.workers = slices.Delete(w.pool.workers, i, i+1)
	}
	r.forget(w.pool)
}

// buried settles what an ended process was doing; mu is held and nothing of the process is left.
func (r *Runner) buried(w *worker) {
	delete(r.live, w)
	w.ended = true
	r.detach(w)
	if w.pool == nil {
		r.replenishSoon()
	}
	verdict := w.verdict()
	for _, c := range w.calls {
		r.finish(c, Result{Status: verdict.status, Error: verdict.text}, nil)
	}
	if c := w.loading; c != nil && !c.finished {
		r.finish(c, Result{Status: verdict.status, Error: verdict.text}, nil)
	}
	r.rebalance()
}
