package docdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// readerPool are the connections of SQLite that read. The one that was used last is
// given first, since it has in its cache what others want as well.
type readerPool struct {
	turns chan struct{} // one for each that is free

	mu   sync.Mutex
	free []*reader
}

// reader is a connection with the statements that were prepared on it for spans.
type reader struct {
	conn     *sql.Conn
	prepared map[shape]driver.Stmt
}

// open takes the connections.
func (p *readerPool) open(ctx context.Context, from *sql.DB) error {
	p.turns = make(chan struct{}, readers)
	for range readers {
		conn, err := from.Conn(ctx)
		if err != nil {
			return err
		}
		p.give(&reader{conn: conn, prepared: map[shape]driver.Stmt{}})
	}
	return nil
}

// take waits for a connection, for as long as ctx lasts.
func (p *readerPool) take(ctx context.Context) (*reader, error) {
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
	r := p.free[last]
	p.free = p.free[:last]
	return r, nil
}

func (p *readerPool) give(r *reader) {
	p.mu.Lock()
	p.free = append(p.free, r)
	p.mu.Unlock()
	p.turns <- struct{}{}
}

// close waits for the reads that still run.
func (p *readerPool) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	var errs []error
	for range cap(p.turns) {
		r, err := p.take(ctx)
		if err != nil {
			return errors.Join(append(errs, errors.New("a read of documents goes on"))...)
		}
		for _, statement := range r.prepared {
			errs = append(errs, statement.Close())
		}
		errs = append(errs, r.conn.Close())
	}
	return errors.Join(errs...)
}

// closeWait is how long reads may still run as the engine is closed.
const closeWait = 5 * time.Second

// step runs the query of a shape and hands its rows to visit, until that returns
// false. It asks the driver itself: what database/sql does for every query and every
// row takes a fifth of the time of a short query. Nothing else may use the connection
// meanwhile. The values are only good until visit returns.
func (r *reader) step(of shape, args []any, visit func(values []driver.Value) (bool, error)) error {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	var panicked any
	err := r.conn.Raw(func(conn any) (err error) {
		// A panic that database/sql sees costs it the connection.
		defer func() { panicked = recover() }()
		statement, err := r.statement(conn, of)
		if err != nil {
			return err
		}
		rows, err := statement.QueryContext(context.Background(), named)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		values := make([]driver.Value, of.columns())
		for more := true; more; {
			err := rows.Next(values)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read documents: %w", err)
			}
			if more, err = visit(values); err != nil {
				return err
			}
		}
		return nil
	})
	if panicked != nil {
		panic(panicked)
	}
	return err
}

func (r *reader) statement(conn any, of shape) (driver.StmtQueryContext, error) {
	made := r.prepared[of]
	if made == nil {
		var err error
		if made, err = conn.(driver.Conn).Prepare(of.text()); err != nil {
			return nil, err
		}
		r.prepared[of] = made
	}
	return made.(driver.StmtQueryContext), nil
}
