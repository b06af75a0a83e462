package service

import (
	"context"
	"errors"
	"time"

	"envshare/internal/blob"
)

// background is a loop that looks for work now and then, and at once when told.
type background struct {
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

func newBackground() background {
	return background{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (b *background) hurry() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *background) start(every time.Duration, work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() {
		defer close(b.done)
		for {
			work(ctx)
			select {
			case <-ctx.Done():
				return
			case <-b.wake:
			case <-time.After(every):
			}
		}
	}()
}

func (b *background) stop() {
	if b.cancel == nil {
		return
	}
	b.cancel()
	<-b.done
}

const (
	sweepEvery  = time.Minute
	sweepBatch  = 200
	orphanEvery = 6 * time.Hour
	// orphanAge is how old bytes without a file are before no upload can still be
	// about to record them.
	orphanAge = 24 * time.Hour
)

// startSweeper deletes bytes that no file has any more.
func (s *Files) startSweeper() {
	last := time.Time{}
	s.sweeper.start(sweepEvery, func(ctx context.Context) {
		err := errors.Join(s.deleteDiscarded(ctx), s.store.Files.ForgetTickets(ctx, s.now()))
		if now := s.clock(); now.Sub(last) > orphanEvery {
			last = now
			err = errors.Join(err, s.discardOrphans(ctx))
		}
		if err != nil && ctx.Err() == nil {
			s.logger.Error("sweep files", "error", err)
		}
	})
}

func (s *Files) deleteDiscarded(ctx context.Context) error {
	for {
		keys, err := s.store.Files.Discarded(ctx, sweepBatch)
		if err != nil || len(keys) == 0 {
			return err
		}
		for _, key := range keys {
			if err := s.blobs.Delete(ctx, key); err != nil {
				return err
			}
		}
		if err := s.store.Files.Gone(ctx, keys); err != nil {
			return err
		}
	}
}

// discardOrphans finds bytes whose upload never came to be recorded, and those of
// environments that are gone.
func (s *Files) discardOrphans(ctx context.Context) error {
	var old []string
	flush := func() error {
		if len(old) == 0 {
			return nil
		}
		known, err := s.store.Files.Known(ctx, old)
		if err != nil {
			return err
		}
		for _, key := range old {
			if !known[key] {
				if err := s.store.Files.Discard(ctx, key, s.now()); err != nil {
					return err
				}
			}
		}
		old = old[:0]
		return nil
	}
	err := s.blobs.List(ctx, func(i blob.Info) error {
		if s.clock().Sub(i.At) < orphanAge {
			return nil
		}
		if old = append(old, i.Key); len(old) < sweepBatch {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush())
}
