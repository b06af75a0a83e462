package docdb

// Interrupt ends the open transactions of an environment on this node, and wakes
// who watches its collections, to find that they may not any more.
func (db *DB) Interrupt(env string) {
	all := &db.transactions
	all.mu.Lock()
	var open []*transaction
	for _, t := range all.open {
		if t.env == env {
			open = append(open, t)
		}
	}
	all.mu.Unlock()
	for _, t := range open {
		t.end()
	}
	db.watchers.wake(env)
}

// wake wakes who watches any collection of an environment.
func (w *watchers) wake(env string) {
	if !w.some.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, signals := range w.of {
		if name.environment != env {
			continue
		}
		for signal := range signals {
			select {
			case signal <- struct{}{}:
			default: // it has one to read already
			}
		}
	}
}
