package service

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// ErrorCount counts what is logged as an error, by the minute, for an hour.
type ErrorCount struct {
	mu      sync.Mutex
	minutes [60]struct {
		minute int64
		errors int
	}
}

// Counting returns a log handler that counts errors and passes everything on.
func (c *ErrorCount) Counting(next slog.Handler) slog.Handler { return countingHandler{next, c} }

func (c *ErrorCount) add(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	minute := at.Unix() / 60
	slot := &c.minutes[minute%60]
	if slot.minute != minute {
		slot.minute, slot.errors = minute, 0
	}
	slot.errors++
}

// LastHour returns how many errors there were in the hour before now.
func (c *ErrorCount) LastHour(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	for _, slot := range c.minutes {
		if age := now.Unix()/60 - slot.minute; age >= 0 && age < 60 {
			sum += slot.errors
		}
	}
	return sum
}

type countingHandler struct {
	slog.Handler
	count *ErrorCount
}

// Handle counts an error and passes the record on.
func (h countingHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.count.add(r.Time)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps counting below a logger with attributes.
func (h countingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return countingHandler{h.Handler.WithAttrs(attrs), h.count}
}

// WithGroup keeps counting below a logger with a group.
func (h countingHandler) WithGroup(name string) slog.Handler {
	return countingHandler{h.Handler.WithGroup(name), h.count}
}
