package store

import (
	"context"
	"sync/atomic"
)

type queryCountKey struct{}

// CountQueries returns a context under which statements are counted, so that
// tests can hold a list to a fixed number of them.
func CountQueries(ctx context.Context) (context.Context, *atomic.Int64) {
	n := &atomic.Int64{}
	return context.WithValue(ctx, queryCountKey{}, n), n
}

// countQuery counts a statement that ran under ctx.
func countQuery(ctx context.Context) {
	if n, ok := ctx.Value(queryCountKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
