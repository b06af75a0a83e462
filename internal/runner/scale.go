package runner

import "time"

const (
	// scaleStep is how long a queue must last before a version gets another worker, up to one for each core, and the
	// least time between two. Most calls are over sooner, and more workers than cores slow everything down.
	scaleStep = 20 * time.Millisecond
	// slowStep is how long a single call must have waited before a version gets more workers than there are cores.
	slowStep = 100 * time.Millisecond
	// queueGap is how long a queue may be empty and still count as the same one.
	queueGap = 2 * time.Millisecond
	// tenure is how long a worker serves a queue before a version without any worker may take its place.
	tenure = 500 * time.Millisecond
	// evictAge is how long a worker must have been idle before a version that has workers of its own may take its place.
	evictAge = time.Second
)

// grow starts a worker for p if its queue warrants one and there is room.
func (r *Runner) grow(p *pool) {
	if len(p.waiters) <= p.starting || r.booting >= r.bootLimit || !r.growthDue(p) {
		return
	}
	if p.waiters[0].call.depth <= 0 && r.capped(p.version.EnvironmentID) {
		return
	}
	if r.assigned >= r.limit(p.waiters[0].call.depth) && !r.evict(p) {
		return
	}
	p.lastGrowth = time.Now()
	p.starting++
	r.claim(p.version.EnvironmentID)
	r.assigned++
	r.booting++
	r.sizes[p.version.MemoryMB] = true
	spare := r.takeSpare(p.version.MemoryMB)
	r.background.Add(1)
	go r.boot(p, spare, p.generation)
}

// growthDue reports that p has no worker at all, or a queue that lasts, or calls that wait long for functions that
// themselves wait. Starting workers makes others slow, so few start at a time.
func (r *Runner) growthDue(p *pool) bool {
	if r.starved(p) {
		return true
	}
	now := time.Now()
	if now.Sub(p.lastGrowth) < scaleStep {
		return false
	}
	if len(p.workers)+p.starting < r.cores {
		return now.Sub(p.queuedSince) >= scaleStep
	}
	return now.Sub(p.waiters[0].arrived) >= slowStep && p.starting < max(1, r.cores/2)
}

// limit is how many workers there may be so that a call of the given depth gets another. Each depth has room that
// those above it cannot take, or calls could wait for ever for what they called.
func (r *Runner) limit(depth int) int {
	most := r.cfg.MaxWorkers
	if depth <= 0 {
		return most
	}
	return min(max(2*most-most>>min(depth, 30), most+depth), max(2*most, most+8))
}

// capped reports that calls from outside keep as many workers of an environment busy as they may.
func (r *Runner) capped(environmentID string) bool {
	return r.outside[environmentID] >= max(1, r.cfg.MaxWorkers/2)
}

// claim counts a worker that starts or got its first call from outside; unclaim takes that back.
func (r *Runner) claim(environmentID string) { r.outside[environmentID]++ }

func (r *Runner) unclaim(environmentID string) {
	if r.outside[environmentID]--; r.outside[environmentID] == 0 {
		delete(r.outside, environmentID)
	}
}

// evict ends the idle worker used longest ago that may make room for p, and reports whether there was one.
func (r *Runner) evict(p *pool) bool {
	var oldest *worker
	for _, other := range r.pools {
		if other == p {
			continue
		}
		for _, w := range other.workers {
			if r.evictable(w, p) && (oldest == nil || w.lastUsed.Before(oldest.lastUsed)) {
				oldest = w
			}
		}
	}
	if oldest == nil {
		return false
	}
	r.end(oldest, fate{})
	return true
}

// evictable reports whether w may make room for p. Where its own version has calls waiting it keeps its place for a
// while, or versions would take places from each other without a call being served.
func (r *Runner) evictable(w *worker, p *pool) bool {
	switch {
	case len(w.calls) > 0:
		return false
	case r.starved(p) && r.capped(w.pool.version.EnvironmentID):
		return true // its place is more than its environment may use now
	case !r.starved(p):
		return len(w.pool.waiters) == 0 && time.Since(w.lastUsed) >= evictAge
	case len(w.pool.waiters) > 0:
		return w.served > 0 && time.Since(w.loadedAt) >= tenure
	}
	return true
}
