package docdb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// readerPool are the connections of SQLite that read. The one that was used last is
// given first, since it has in its cache what others want as well.
type readerPool struct {
	turns chan struct{} // one for each that is free

	mu   sync.Mutex
	free []*sql.Conn
}

// open takes the connections.
func (p *readerPool) open(ctx context.Context, from *sql.DB) error {
	p.turns = make(chan struct{}, readers)
	for range readers {
		conn, err := from.Conn(ctx)
		if err != nil {
			return err
		}
		p.give(conn)
	}
	return nil
}

// take waits for a connection, for as long as ctx lasts.
func (p *readerPool) take(ctx context.Context) (*sql.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.turns:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	conn := p.free[last]
	p.free = p.free[:last]
	return conn, nil
}

func (p *readerPool) give(conn *sql.Conn) {
	p.mu.Lock()
	p.free = append(p.free, conn)
	p.mu.Unlock()
	p.turns <- struct{}{}
}

// close waits for the reads that still run.
func (p *readerPool) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	var errs []error
	for range cap(p.turns) {
		conn, err := p.take(ctx)
		if err != nil {
			return errors.Join(append(errs, errors.New("a read of documents goes on"))...)
		}
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// closeWait is how long reads may still run as the engine is closed.
const closeWait = 5 * time.Second
