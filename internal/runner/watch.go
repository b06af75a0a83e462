package runner

import (
	"time"
)

const (
	watchStep     = 50 * time.Millisecond
	idleSteps     = 20        // idle workers are looked at every so many steps
	memoryReserve = 128 << 20 // Node.js itself, beside the heap that the function may fill
)

// watch ends workers that hold too much memory and workers that nobody needs, until the runner closes. V8's own limit
// covers the JavaScript heap only; buffers are outside of it.
func (r *Runner) watch() {
	defer r.background.Done()

	ticker := time.NewTicker(watchStep)
	defer ticker.Stop()
	for step := 1; ; step++ {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
		}
		r.checkMemory(step%idleSteps == 0)
		if step%idleSteps == 0 {
			r.endIdle()
		}
	}
}

// checkMemory measures the busy workers, or all of them, and ends those over their size.
func (r *Runner) checkMemory(all bool) {
	for _, w := range r.watched(all) {
		resident := w.residentBytes()
		r.mu.Lock()
		for _, c := range w.calls {
			c.peak = max(c.peak, resident)
		}
		if resident > int64(w.memoryMB)<<20+memoryReserve {
			r.end(w, fate{StatusOutOfMemory, outOfMemoryText(w.memoryMB)})
		}
		r.mu.Unlock()
	}
}

func (r *Runner) watched(all bool) []*worker {
	r.mu.Lock()
	defer r.mu.Unlock()

	var list []*worker
	for w := range r.live {
		loading := w.loading != nil && !w.loading.finished
		if !w.ended && (all || loading || len(w.calls) > 0) {
			list = append(list, w)
		}
	}
	return list
}

// endIdle ends the workers that had nothing to do for the idle timeout.
func (r *Runner) endIdle() {
	r.mu.Lock()
	defer r.mu.Unlock()

	for _, p := range r.pools {
		for _, w := range append([]*worker{}, p.workers...) {
			if len(w.calls) == 0 && time.Since(w.lastUsed) > r.cfg.IdleTimeout {
				r.end(w, fate{})
			}
		}
	}
}
