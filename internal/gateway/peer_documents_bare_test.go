package gateway_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/mattn/go-sqlite3"
	"github.com/oklog/ulid/v2"

	"envshare/internal/testkit/figures"
)

// bareTables keep a document as the text that was sent, beside the columns that
// have an index.
const bareTables = `CREATE TABLE articles (id text PRIMARY KEY, grp text NOT NULL, rank integer NOT NULL, body text NOT NULL) WITHOUT ROWID;
CREATE INDEX articles_group ON articles (grp);
CREATE INDEX articles_rank ON articles (rank)`

// TestServeBare is what one would write by hand for the calls of
// TestPeerDocuments, and nothing else: Echo, prepared statements on SQLite with
// the connections and pragmas of internal/docdb, no signature, no permission, no
// log. It is in a process of its own that ends with its standard input.
func TestServeBare(t *testing.T) {
	if os.Getenv(figures.Variable) != "serve" {
		t.Skip("the server of make bench")
	}
	b := openBare(t)
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/articles/:id", b.view)
	e.GET("/articles", b.list)
	e.POST("/articles", b.create)
	e.PATCH("/articles/:id", b.update)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = (&http.Server{Handler: e}).Serve(listener) }() //nolint:gosec // loopback, ends with the process
	must(t, json.NewEncoder(os.Stdout).Encode(benchServer{URL: "http://" + listener.Addr().String()}))
	_, err = io.Copy(io.Discard, os.Stdin)
	must(t, err)
}

// bareHandler answers with statements that are prepared once.
type bareHandler struct{ byID, byGroup, byRank, insert, change *sql.Stmt }

func openBare(t *testing.T) bareHandler {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "bare.db") + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_cache_size=-32000"
	sql.Register("sqlite3-mapped", &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("PRAGMA mmap_size = 2147418112", nil)
		return err
	}})
	write, err := sql.Open("sqlite3-mapped", dsn+"&_txlock=immediate")
	must(t, err)
	write.SetMaxOpenConns(1)
	_, err = write.ExecContext(t.Context(), bareTables)
	must(t, err)
	read, err := sql.Open("sqlite3-mapped", dsn+"&_query_only=on")
	must(t, err)
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4)
	t.Cleanup(func() { must(t, errors.Join(read.Close(), write.Close())) })
	prepare := func(db *sql.DB, query string) *sql.Stmt {
		statement, err := db.PrepareContext(t.Context(), query)
		must(t, err)
		return statement
	}
	b := bareHandler{
		byID:    prepare(read, "SELECT body FROM articles WHERE id = ?"),
		byGroup: prepare(read, "SELECT body FROM articles WHERE grp = ? LIMIT ?"),
		byRank:  prepare(read, "SELECT body FROM articles WHERE rank >= ? ORDER BY rank LIMIT ?"),
		insert:  prepare(write, "INSERT INTO articles (id, grp, rank, body) VALUES (?, ?, ?, ?)"),
		change:  prepare(write, "UPDATE articles SET body = json_patch(body, ?) WHERE id = ?"),
	}
	tx, err := write.BeginTx(t.Context(), nil)
	must(t, err)
	insert := tx.StmtContext(t.Context(), b.insert)
	defer insert.Close() //nolint:errcheck // the commit told
	file, err := os.Open(os.Getenv(documentsVariable))
	must(t, err)
	for lines := json.NewDecoder(file); ; {
		var text json.RawMessage
		if err := lines.Decode(&text); errors.Is(err, io.EOF) {
			break
		} else {
			must(t, err)
		}
		must(t, addBare(t.Context(), insert, text))
	}
	must(t, tx.Commit())
	must(t, file.Close())
	return b
}

func addBare(ctx context.Context, insert *sql.Stmt, text []byte) error {
	var a article
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	if a.ID == "" {
		a.ID = ulid.Make().String()
	}
	_, err := insert.ExecContext(ctx, a.ID, a.Group, a.Rank, string(text))
	return err
}

func (b bareHandler) view(c echo.Context) error {
	var body []byte
	if err := b.byID.QueryRowContext(c.Request().Context(), c.Param("id")).Scan(&body); err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, body)
}

func (b bareHandler) list(c echo.Context) error {
	statement, value := b.byGroup, c.QueryParam("group")
	if value == "" {
		statement, value = b.byRank, c.QueryParam("rank")
	}
	rows, err := statement.QueryContext(c.Request().Context(), value, groupSize)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	out := []byte{'['}
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, body...)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, append(out, ']'))
}

func (b bareHandler) create(c echo.Context) error {
	text, err := io.ReadAll(c.Request().Body)
	if err == nil {
		err = addBare(c.Request().Context(), b.insert, text)
	}
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, []byte(`{"created":1}`))
}

func (b bareHandler) update(c echo.Context) error {
	text, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	result, err := b.change.ExecContext(c.Request().Context(), string(text), c.Param("id"))
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, []byte(`{"updated":`+strconv.FormatInt(n, 10)+`}`))
}

// bareServer makes the calls of TestServeBare.
type bareServer struct{ *benchServer }

func (b bareServer) process() int { return b.pid }

func (b bareServer) view(tb testing.TB, n int) call {
	return plainCall(tb, http.MethodGet, b.URL+"/articles/"+articleID(n), "", nil, `"_id":"`+articleID(n)+`"`, 1)
}

func (b bareServer) group(tb testing.TB, n int) call {
	return plainCall(tb, http.MethodGet, b.URL+"/articles?group="+groupName(n), "", nil, `"group":"`+groupName(n)+`"`, groupSize)
}

func (b bareServer) ranks(tb testing.TB, n int) call {
	return plainCall(tb, http.MethodGet, fmt.Sprintf("%s/articles?rank=%d", b.URL, n), "", nil, `"rank":`, groupSize)
}

func (b bareServer) create(tb testing.TB, n int) call {
	return plainCall(tb, http.MethodPost, b.URL+"/articles", "", addedArticle(n), `{"created":1}`, 1)
}

func (b bareServer) update(tb testing.TB, n int) call {
	return plainCall(tb, http.MethodPatch, b.URL+"/articles/"+articleID(n), "", changed(n), `{"updated":1}`, 1)
}
