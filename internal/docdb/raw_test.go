package docdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// thing is a document of the comparisons, of about 400 bytes.
type thing struct {
	ID     string   `bson:"_id"`
	Owner  string   `bson:"owner"` // of 20 things, which lie far apart
	Rank   int64    `bson:"rank"`  // distinct, in no order
	At     int64    `bson:"at"`
	City   string   `bson:"city"`
	Active bool     `bson:"active"`
	Score  float64  `bson:"score"`
	Tags   []string `bson:"tags"`
	Text   string   `bson:"text"`
}

const (
	perOwner = 20
	cities   = 50
)

func thingID(n int) string { return fmt.Sprintf("thing-%08d", n) }

// makeThing returns the nth of size things.
func makeThing(n, size int) thing {
	return thing{
		ID: thingID(n), Owner: fmt.Sprintf("owner-%06d", n%(size/perOwner)), Rank: int64(n) * 7919 % int64(size), At: 1_700_000_000_000 + int64(n)*31%1_000_003,
		City: fmt.Sprintf("city-%02d", n%cities), Active: n%3 == 0, Score: float64(n%1000) / 8, Tags: []string{"red", "green", "blue"}[:n%3+1],
		Text: strings.Repeat("some text ", 17),
	}
}

func (one thing) body(t testing.TB) bson.Raw {
	t.Helper()
	body, err := bson.Marshal(one)
	must(t, err)
	return body
}

// raw is what a program would do by hand: a table with the fields that are asked
// for as columns, the same three indexes, the document as BSON, and prepared
// statements, on connections with the settings of the engine.
type raw struct {
	write, read                            *sql.DB
	insert, inc, get, equal, ordered       *sql.Stmt
	countCity, countActive, grouped, every *sql.Stmt
}

const rawTables = `
CREATE TABLE things (id text PRIMARY KEY, owner text NOT NULL, rank integer NOT NULL, at integer NOT NULL, city text NOT NULL,
	active integer NOT NULL, score real NOT NULL, body blob NOT NULL);
CREATE INDEX things_owner ON things (owner);
CREATE INDEX things_rank ON things (rank);
CREATE INDEX things_at ON things (at)`

func openRaw(t testing.TB) *raw {
	t.Helper()
	dsn := "file:" + (&url.URL{Path: filepath.Join(t.TempDir(), "raw.db")}).EscapedPath() +
		"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_cache_size=-32000"
	r := &raw{}
	r.write = sql.OpenDB(connector{dsn + "&_txlock=immediate"})
	r.write.SetMaxOpenConns(1)
	_, err := r.write.ExecContext(t.Context(), checkpointAfter+";"+rawTables)
	must(t, err)
	r.read = sql.OpenDB(connector{dsn + "&_query_only=on"})
	r.read.SetMaxOpenConns(readers)
	r.read.SetMaxIdleConns(readers)
	t.Cleanup(func() { must(t, errors.Join(r.read.Close(), r.write.Close())) })
	for _, one := range []struct {
		into *(*sql.Stmt)
		on   *sql.DB
		text string
	}{
		{&r.insert, r.write, "INSERT INTO things (id, owner, rank, at, city, active, score, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
		{&r.inc, r.write, "UPDATE things SET score = score + 1 WHERE id = ?"},
		{&r.get, r.read, "SELECT body FROM things WHERE id = ?"},
		{&r.equal, r.read, "SELECT body FROM things WHERE owner = ? LIMIT 20"},
		{&r.ordered, r.read, "SELECT body FROM things WHERE rank >= ? ORDER BY rank LIMIT 20"},
		{&r.countCity, r.read, "SELECT count(*) FROM things WHERE city = ?"},
		{&r.countActive, r.read, "SELECT count(*) FROM things WHERE active = 1 AND score > ?"},
		{&r.grouped, r.read, "SELECT city, sum(rank), avg(score) FROM things GROUP BY city"},
		{&r.every, r.read, "SELECT body FROM things"},
	} {
		*one.into, err = one.on.PrepareContext(t.Context(), one.text) //nolint:sqlclosecheck // closed when the test ends
		must(t, err)
		t.Cleanup(func() { _ = (*one.into).Close() })
	}
	return r
}

// add inserts one thing, with insert or with the same statement in a transaction.
func (r *raw) add(ctx context.Context, insert *sql.Stmt, one thing, body bson.Raw) error {
	_, err := insert.ExecContext(ctx, one.ID, one.Owner, one.Rank, one.At, one.City, one.Active, one.Score, []byte(body))
	return err
}

// fill inserts the first things of size in one transaction.
func (r *raw) fill(t testing.TB, size int) {
	t.Helper()
	tx, err := r.write.BeginTx(t.Context(), nil)
	must(t, err)
	insert := tx.StmtContext(t.Context(), r.insert)
	for n := range size {
		one := makeThing(n, size)
		must(t, r.add(t.Context(), insert, one, one.body(t)))
	}
	must(t, tx.Commit())
}

// bodies visits the bodies that a statement finds.
func bodies(ctx context.Context, statement *sql.Stmt, visit func(body []byte), args ...any) (err error) {
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&body); err != nil {
			return err
		}
		visit(body)
	}
	return rows.Err()
}

// fillEngine makes a collection of things with the three indexes.
func fillEngine(t testing.TB, db *DB, size int) {
	t.Helper()
	must(t, db.CreateCollection(t.Context(), env, col))
	for _, field := range []string{"owner", "rank", "at"} {
		addTestIndex(t, db, Index{Name: field, Keys: []IndexKey{{field, "1"}}})
	}
	const batch = 500
	docs := make([]bson.Raw, 0, batch)
	for n := range size {
		if docs = append(docs, makeThing(n, size).body(t)); len(docs) == batch || n == size-1 {
			_, err := db.Insert(t.Context(), env, col, "", docs)
			must(t, err)
			docs = docs[:0]
		}
	}
}
