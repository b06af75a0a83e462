package service

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"envshare/models"
)

const (
	transferBatch      = 500     // documents written together
	transferBatchBytes = 4 << 20 // and bytes
	transferSaveEvery  = 500 * time.Millisecond
	transferPoll       = time.Minute // for what another process left
	transfersAtOnce    = 2           // of different environments
	shownErrors        = 20
	upsertWorkers      = 16
)

// start runs transfers until close. Those that a stopped server left go on.
func (s *Transfers) start() {
	s.loop.start(transferPoll, func(ctx context.Context) {
		if err := errors.Join(s.sweep(ctx), s.dispatch(ctx)); err != nil && ctx.Err() == nil {
			s.logger.Error("transfers", "error", err)
		}
	})
}

// close stops the running transfers where they are; they go on at the next start.
func (s *Transfers) close() {
	s.loop.stop()
	s.all.Wait()
}

// dispatch starts as many of the waiting transfers as may run.
func (s *Transfers) dispatch(ctx context.Context) error {
	list, err := s.store.Transfers.Unfinished(ctx)
	if err != nil {
		return err
	}
	for {
		t, work := s.next(ctx, list)
		if work == nil {
			return nil
		}
		s.all.Go(func() {
			err := s.runOne(ctx, work, t)
			s.ended(t.ID)
			if err != nil && ctx.Err() == nil {
				s.logger.Error("transfer", "transfer", t.ID, "error", err)
				return // looked at again later
			}
			s.loop.hurry()
		})
	}
}

// next takes the transfer whose turn it is: the oldest of the environment that has
// waited longest, so that one with many large files does not hold up the others.
// Without one, its context is nil.
func (s *Transfers) next(ctx context.Context, list []models.Transfer) (models.Transfer, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) >= transfersAtOnce {
		return models.Transfer{}, nil
	}
	busy := map[string]bool{}
	for _, r := range s.running {
		busy[r.environment] = true
	}
	best := -1
	for i, t := range list { // oldest first
		if busy[t.EnvironmentID] || best >= 0 && s.turns[t.EnvironmentID] >= s.turns[list[best].EnvironmentID] {
			continue
		}
		if t.Kind == models.TransferImport {
			if _, err := os.Stat(s.file(t.ID)); err != nil {
				continue // received by another node, which will run it
			}
		}
		best = i
	}
	if best < 0 {
		return models.Transfer{}, nil
	}
	t := list[best]
	s.turn++
	s.turns[t.EnvironmentID] = s.turn
	work, stop := context.WithCancel(ctx)
	s.running[t.ID] = &runningTransfer{environment: t.EnvironmentID, stop: stop, done: make(chan struct{})}
	return t, work
}

func (s *Transfers) ended(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running[id]
	delete(s.running, id)
	r.stop()
	close(r.done)
}

// runOne runs a transfer to its end, unless it is cancelled or the server stops.
func (s *Transfers) runOne(ctx, work context.Context, t models.Transfer) error {
	run := &transferRun{Transfers: s, t: t, saved: s.clock(), resumed: t.Status == models.TransferRunning || t.Resumed || t.Documents > 0}
	run.t.Status = models.TransferRunning
	run.t.Errors = slices.DeleteFunc(run.t.Errors, func(e models.TransferError) bool { return e.Line == 0 }) // why it stopped before
	err := run.save(work)
	if err == nil && t.Kind == models.TransferImport {
		err = run.importAll(work)
	} else if err == nil {
		err = run.exportAll(work)
	}
	if work.Err() != nil || errors.Is(err, errTransferEnded) {
		return nil // cancelled, or goes on at the next start
	}
	return run.end(ctx, err)
}

// transferRun is one transfer at work.
type transferRun struct {
	*Transfers
	t       models.Transfer
	saved   time.Time
	resumed bool // what the first batch holds may be there already
}

var (
	// errTransferEnded means that somebody cancelled or removed what still runs.
	errTransferEnded = errors.New("transfer has ended")
	// errStopOnError ends an import as its owner wished.
	errStopOnError = errors.New("import stopped at an error")
)

func (r *transferRun) save(ctx context.Context) error {
	r.saved = r.clock()
	r.t.UpdatedAt = r.now()
	err := r.store.Transfers.Progress(ctx, r.t)
	if models.IsCode(err, models.CodeNotFound) {
		return errTransferEnded
	}
	return err
}

// end saves how a transfer ended.
func (r *transferRun) end(ctx context.Context, err error) error {
	r.t.Status = models.TransferDone
	switch {
	case err == nil && r.t.Failed > 0 && r.t.Failed == r.t.Documents, errors.Is(err, errStopOnError):
		r.t.Status = models.TransferFailed // the errors of the lines say why
	case err != nil:
		r.t.Status = models.TransferFailed
		if models.CodeOf(err) == models.CodeInternal {
			r.logger.Error("transfer failed", "transfer", r.t.ID, "error", err)
		}
		r.note(0, err)
	}
	if err := r.save(ctx); err != nil && !errors.Is(err, errTransferEnded) {
		return err
	}
	if r.t.Kind == models.TransferImport && r.t.Status == models.TransferDone {
		r.discard(r.t.ID)
	}
	return nil
}

// note keeps the first errors for people.
func (r *transferRun) note(line int, err error) {
	if len(r.t.Errors) >= shownErrors {
		return
	}
	msg := models.MsgOf(err)
	r.t.Errors = append(r.t.Errors, models.TransferError{Line: line, Key: msg.Key, Args: msg.Args})
}
