package docdb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/models"
)

// maxOverlay bounds what a transaction may write, in bytes.
const maxOverlay = 16 << 20

// transactions are the open interactive transactions of this process.
type transactions struct {
	mu    sync.Mutex
	open  map[string]*transaction
	locks map[string]string // lockKey -> id of the transaction that writes there
}

// transaction reads one snapshot and keeps its writes to itself until it commits.
type transaction struct {
	db    *DB
	id    string
	env   string
	timer *time.Timer

	mu    sync.Mutex // one operation at a time
	s     session
	cat   *catalog
	over  overlay
	locks []string
	ended bool
}

func conflict() error { return models.E(models.CodeTransactionConflict, "docdb.transaction_conflict") }
func unknownTransaction() error {
	return models.E(models.CodeTransactionUnknown, "docdb.transaction_unknown")
}

// Begin opens a transaction and returns its id, which nobody can guess. It ends
// by itself after 30 seconds.
func (db *DB) Begin(ctx context.Context, env string) (string, error) {
	t := &transaction{db: db, env: env, over: overlay{collections: map[int64]*overlaid{}}}
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	t.id = hex.EncodeToString(random[:])
	db.transactions.mu.Lock()
	limit := db.transactions.full(env)
	if limit == 0 {
		db.transactions.open[t.id] = t
	}
	db.transactions.mu.Unlock()
	if limit > 0 {
		return "", models.E(models.CodeLimited, "docdb.transactions_many", "max", limit)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.pin(context.WithoutCancel(ctx)); err != nil {
		t.finish()
		return "", fmt.Errorf("begin transaction: %w", err)
	}
	t.timer = time.AfterFunc(db.life, t.end)
	return t.id, nil
}

// full returns the limit that another transaction of an environment would break, 0 for
// none. An environment has a share only, so that it takes nothing from the others.
func (a *transactions) full(env string) int {
	own := 0
	for _, t := range a.open {
		if t.env == env {
			own++
		}
	}
	switch {
	case own >= maxTransactionsEach:
		return maxTransactionsEach
	case len(a.open) >= maxTransactions:
		return maxTransactions
	}
	return 0
}

// pin takes the snapshot.
func (t *transaction) pin(ctx context.Context) error {
	conn, err := t.db.pinned.Conn(ctx)
	if err != nil {
		return err
	}
	t.s = session{db: t.db, pool: t.db.pinned, conn: conn}
	begin := "BEGIN"
	if t.db.postgres {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if _, err := t.s.exec(ctx, begin); err != nil {
		return err
	}
	// The first read fixes what the snapshot is.
	t.cat, err = t.db.catalogOf(ctx, t.s)
	return err
}

// end drops the transaction.
func (t *transaction) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finish()
}

// finish releases all that the transaction holds. t.mu is held.
func (t *transaction) finish() {
	if t.ended {
		return
	}
	t.ended = true
	if t.timer != nil {
		t.timer.Stop()
	}
	if t.s.conn != nil {
		_, _ = t.s.exec(context.Background(), "ROLLBACK")
		_ = t.s.conn.Close()
	}
	all := &t.db.transactions
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, t.id)
	for _, key := range t.locks {
		delete(all.locks, key)
	}
}

func (a *transactions) closeAll() {
	a.mu.Lock()
	open := make([]*transaction, 0, len(a.open))
	for _, t := range a.open {
		open = append(open, t)
	}
	a.mu.Unlock()
	for _, t := range open {
		t.end()
	}
}

// enter returns an open transaction of an environment, locked.
func (db *DB) enter(env, id string) (*transaction, error) {
	db.transactions.mu.Lock()
	t := db.transactions.open[id]
	db.transactions.mu.Unlock()
	if t == nil || t.env != env {
		return nil, unknownTransaction()
	}
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		return nil, unknownTransaction()
	}
	return t, nil
}

// inTransaction runs an operation of a transaction, which leaves nothing behind when
// it fails. One that meets a conflict drops the transaction, since its caller starts
// over without aborting it.
func (db *DB) inTransaction(ctx context.Context, env, name, id string, do func(t *transaction, r *reading) error) error {
	t, err := db.enter(env, id)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	c, err := t.cat.collection(env, name)
	if err != nil {
		return err
	}
	t.over.mark()
	done := false
	defer func() {
		if !done { // also after a panic
			t.over.rewind()
		}
	}()
	err = do(t, &reading{db: db, s: t.s, c: c, over: &t.over})
	done = err == nil
	if models.IsCode(err, models.CodeTransactionConflict) {
		t.finish()
	}
	return err
}

// claim makes the transaction the one that writes a document.
func (t *transaction) claim(c *collection, doc bson.Raw) error {
	key := lockKey(c, doc)
	all := &t.db.transactions
	all.mu.Lock()
	defer all.mu.Unlock()
	switch owner := all.locks[key]; owner {
	case t.id:
		return nil
	case "":
		all.locks[key] = t.id
		t.locks = append(t.locks, key)
		return nil
	}
	return conflict()
}

// put writes a document of the snapshot or of the transaction itself.
func (t *transaction) put(ctx context.Context, r *reading, was row, doc bson.Raw) error {
	if err := t.claim(r.c, was.body); err != nil {
		return err
	}
	if was.id > 0 && !t.over.has(r.c, was.id) {
		var version int64
		found, err := t.db.read1(ctx, "SELECT version FROM docdb_documents WHERE id = ?", []any{was.id}, &version)
		if err != nil {
			return fmt.Errorf("compare document: %w", err)
		}
		if !found || version != was.version {
			return conflict()
		}
	}
	keys, err := t.uniqueKeys(ctx, r, was, doc)
	if err != nil {
		return err
	}
	t.over.put(r.c, was, doc, keys)
	return t.checkSize()
}

func (t *transaction) checkSize() error {
	if t.over.bytes > maxOverlay {
		return models.E(models.CodeWriteRefused, "docdb.transaction_large", "mb", maxOverlay>>20)
	}
	return nil
}

// insert adds a new document, unless the snapshot, the transaction or what was
// committed since has its _id or another unique key.
func (t *transaction) insert(ctx context.Context, r *reading, doc bson.Raw) error {
	if err := t.claim(r.c, doc); err != nil {
		return err
	}
	keys, err := t.uniqueKeys(ctx, r, row{}, doc)
	if err != nil {
		return err
	}
	t.over.insert(r.c, append(bson.Raw(nil), doc...), keys)
	return t.checkSize()
}

// uniqueKeys returns the keys of a document in unique indexes, after looking that no
// other one has those which it did not have before, as was. A nil document has none.
func (t *transaction) uniqueKeys(ctx context.Context, r *reading, was row, doc bson.Raw) ([]uniqueKey, error) {
	if doc == nil {
		return nil, nil
	}
	var out []uniqueKey
	for _, i := range r.c.indexes {
		if !i.Unique {
			continue
		}
		keys, err := i.keys(doc)
		if err != nil {
			return nil, err
		}
		for _, key := range keys.list {
			out = append(out, uniqueKey{i.id, string(key)})
		}
		fresh := keys.list
		if was.body != nil {
			before, err := i.keys(was.body)
			if err != nil {
				return nil, err
			}
			fresh = without(keys.list, before.list)
		}
		for _, key := range fresh {
			if err := t.checkUnique(ctx, r, i, key, was.id, doc); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (t *transaction) checkUnique(ctx context.Context, r *reading, i *index, key []byte, self int64, doc bson.Raw) error {
	const owner = "SELECT doc FROM docdb_unique_keys WHERE idx = ? AND key = ?"
	if id, ok := t.over.owner(r.c, uniqueKey{i.id, string(key)}); ok && id != self {
		return duplicate(r.c, i, doc)
	}
	var id int64
	found, err := t.s.value(ctx, owner, []any{i.id, key}, &id)
	if err != nil {
		return fmt.Errorf("compare key: %w", err)
	}
	switch {
	case found && id != self && !t.over.has(r.c, id):
		return duplicate(r.c, i, doc)
	case found:
		return nil // the transaction itself took it from its document
	}
	found, err = t.db.read1(ctx, owner, []any{i.id, key}, &id)
	if err == nil && found {
		err = conflict()
	}
	return err
}

// Abort drops a transaction and what it wrote.
func (db *DB) Abort(_ context.Context, env, id string) error {
	t, err := db.enter(env, id)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	t.finish()
	return nil
}

// Commit stores what a transaction wrote, all or nothing. A document that changed
// since the snapshot makes it a conflict. The transaction is over either way.
func (db *DB) Commit(ctx context.Context, env, id string) error {
	t, err := db.enter(env, id)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	defer t.finish()
	if len(t.over.collections) == 0 {
		return nil
	}
	err = db.change(context.WithoutCancel(ctx), t.store)
	if models.IsCode(err, models.CodeCollectionUnknown) || models.IsCode(err, models.CodeWriteRefused) {
		return conflict() // what changed since the snapshot stands in the way
	}
	return err
}

// store writes the overlay. All keys that documents lose go first, so that a unique key
// may move from one document to another.
func (t *transaction) store(ctx context.Context, s session) error {
	for _, o := range t.over.collections {
		c, err := t.db.locked(ctx, s, t.env, o.c.name, false)
		if err != nil {
			return err
		}
		if c.id != o.c.id {
			return conflict()
		}
		if err := t.storeRows(ctx, s, c, o.list); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) storeRows(ctx context.Context, s session, c *collection, rows []*overRow) error {
	for _, adding := range []bool{false, true} {
		for _, one := range rows {
			if one.was.id < 0 {
				continue
			}
			for _, i := range c.indexes {
				lost, got, err := i.differing(one.was, one.body)
				if err != nil {
					return err
				}
				if adding {
					err = t.db.addKeys(ctx, s, c, i, one.was.id, one.body, got)
				} else {
					err = t.db.dropKeys(ctx, s, i, one.was.id, lost)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	for _, one := range rows {
		var err error
		switch {
		case one.was.id > 0:
			err = t.db.replaceBody(ctx, s, c, one.was, one.body)
		case !one.deleted:
			err = t.db.insert(ctx, s, c, []bson.Raw{one.body})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
