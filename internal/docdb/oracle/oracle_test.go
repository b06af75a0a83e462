// Package oracle compares the document engine with npm mingo, an independent
// implementation of the same semantics, on generated cases.
//
// It holds tests only. Differences that are mingo's are left out by the generator
// and explained in docs/adr/0006-differences-to-mingo.md.
package oracle

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/aggregate"
	"envshare/internal/docdb/ejson"
	"envshare/internal/store"
	"envshare/internal/testkit/databases"
)

const env = "test-f96b31"

// cases are how many are compared on each dialect.
const cases = 3000

// peer is mingo in a process of its own.
type peer struct {
	in  io.Writer
	out *bufio.Reader
}

func startPeer(t *testing.T) *peer {
	t.Helper()
	_, err := os.Stat("node_modules/mingo")
	node, nodeErr := exec.LookPath("node")
	if err != nil || nodeErr != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("mingo must be there in CI: make internal/docdb/oracle/node_modules")
		}
		t.Skip("mingo is not installed: make test does")
	}
	cmd := exec.Command(node, "oracle.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &peer{in, bufio.NewReaderSize(out, 1<<20)}
}

type reply struct {
	Docs  []any
	Error string
}

func (p *peer) ask(t *testing.T, question map[string]any) reply {
	t.Helper()
	text, err := json.Marshal(question)
	must(t, err)
	_, err = p.in.Write(append(text, '\n'))
	must(t, err)
	line, err := p.out.ReadBytes('\n')
	must(t, err)
	var r reply
	must(t, json.Unmarshal(line, &r))
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if given := os.Getenv("ENVSHARE_SEED"); given != "" {
		var err error
		n, err = strconv.ParseUint(given, 10, 64)
		must(t, err)
	}
	t.Logf("ENVSHARE_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 2))
}

func doc(t testing.TB, text string) bson.Raw {
	t.Helper()
	if text == "" {
		return nil
	}
	raw, err := ejson.DecodeDocument([]byte(text), time.UnixMilli(0), ejson.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return raw
}

// plain makes our documents comparable with the peer's: JavaScript has one kind
// of number.
func plain(t testing.TB, raw bson.Raw) any {
	t.Helper()
	var v any
	must(t, json.Unmarshal(ejson.AppendDocument(nil, raw), &v))
	return simplify(v)
}

func simplify(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = simplify(v[i])
		}
	case map[string]any:
		if date, ok := v["$date"].(map[string]any); ok {
			ms, _ := strconv.ParseFloat(date["$numberLong"].(string), 64)
			return map[string]any{"$date": ms}
		}
		if text, ok := v["$numberDouble"].(string); ok {
			return map[string]any{"$number": text}
		}
		for k := range v {
			v[k] = simplify(v[k])
		}
	case float64:
		// Sums in another order differ in the last digits.
		f, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
		return f + 0 // of the two zeros the positive one
	}
	return v
}

func texts(t testing.TB, list []any, ordered bool) []string {
	t.Helper()
	out := make([]string, len(list))
	for i, v := range list {
		text, err := json.Marshal(simplify(v))
		must(t, err)
		out[i] = string(text)
	}
	if !ordered {
		slices.Sort(out)
	}
	return out
}

// bench is a collection of which both sides hold the same documents.
type bench struct {
	*testing.T
	db   *docdb.DB
	peer *peer
	gen  *generator
	docs []string
	seen map[string]int
}

func TestAgainstMingo(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		options := docdb.Options{Postgres: o.URL, Logger: slog.New(slog.DiscardHandler)}
		if o.URL == "" {
			options.SQLite = filepath.Join(o.DataDir, "documents.db")
		}
		db, err := docdb.Open(t.Context(), options)
		must(t, err)
		t.Cleanup(func() { must(t, db.Close()) })
		b := &bench{T: t, db: db, peer: startPeer(t), gen: &generator{newRand(t)}, seen: map[string]int{}}
		for n := 0; n < cases && !t.Failed(); n++ {
			if n%60 == 0 {
				b.refill()
			}
			switch n % 10 {
			case 0, 1, 2, 3, 4:
				b.find()
			case 5, 6:
				b.update()
			default:
				b.aggregate()
			}
		}
		t.Logf("compared %d cases: %v", cases, b.seen)
		if b.seen["found something"] < cases/10 {
			t.Error("most cases found nothing")
		}
	})
}

// refill starts over with new documents and indexes.
func (b *bench) refill() {
	b.Helper()
	must(b, b.db.DropEnvironment(b.Context(), env))
	for _, name := range []string{"docs", "others"} {
		must(b, b.db.CreateCollection(b.Context(), env, name))
	}
	var raw []bson.Raw
	b.docs = nil
	for id := range 25 {
		text := b.gen.document(id)
		b.docs = append(b.docs, text)
		raw = append(raw, doc(b, text))
	}
	for n := range 3 {
		must(b, b.db.CreateIndex(b.Context(), env, "docs", b.gen.index(n)))
	}
	for _, name := range []string{"docs", "others"} {
		_, err := b.db.Insert(b.Context(), env, name, "", raw)
		must(b, err)
	}
}

func anyOf(t testing.TB, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func rawList(list []string) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i, s := range list {
		out[i] = json.RawMessage(s)
	}
	return out
}

// compare demands equal answers, or that both refuse.
func (b *bench) compare(what string, ours []any, err error, theirs reply, ordered bool) {
	b.Helper()
	if err != nil || theirs.Error != "" {
		b.seen["refused"]++
		if err == nil || theirs.Error == "" {
			b.Errorf("%s\nours: %v %v\ntheirs: %s %v", what, ours, err, theirs.Error, theirs.Docs)
		}
		return
	}
	if len(ours) > 0 {
		b.seen["found something"]++
	}
	mine, others := texts(b, ours, ordered), texts(b, theirs.Docs, ordered)
	if !slices.Equal(mine, others) {
		b.Errorf("%s\nours:   %s\ntheirs: %s\nof %s", what, strings.Join(only(mine, others), "\n        "), strings.Join(only(others, mine), "\n        "), strings.Join(b.docs, "\n   "))
	}
}

// only returns what the first list has and the second has not; all, when they
// differ in order alone.
func only(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	if out == nil {
		return a
	}
	return out
}

func (b *bench) find() {
	b.Helper()
	b.seen["find"]++
	filter, sort, projection, limit := b.gen.filter(0), "", "", 0
	if b.gen.IntN(2) == 0 {
		sort = b.gen.sort()
		limit = b.gen.IntN(8)
	}
	if b.gen.IntN(4) == 0 {
		projection = b.gen.projection()
	}
	var ours []any
	q := docdb.Query{Filter: doc(b, filter), Sort: doc(b, sort), Projection: doc(b, projection), Limit: limit}
	err := b.db.Find(b.Context(), env, "docs", "", q, func(found bson.Raw) error {
		ours = append(ours, plain(b, found))
		return nil
	})
	theirs := b.peer.ask(b.T, map[string]any{"kind": "find", "docs": rawList(b.docs), "query": anyOf(b, filter), "sort": anyOf(b, sort), "limit": limit, "projection": anyOf(b, projection)})
	b.compare(fmt.Sprintf("find %s sort %s limit %d projection %s", filter, sort, limit, projection), ours, err, theirs, sort != "")
}

func (b *bench) update() {
	b.Helper()
	b.seen["update"]++
	filter, change := b.gen.filter(1), b.gen.update()
	before := slices.Clone(b.docs)
	_, err := b.db.Update(b.Context(), env, "docs", "", docdb.Change{Filter: doc(b, filter), Update: doc(b, change), Multi: true})
	theirs := b.peer.ask(b.T, map[string]any{"kind": "update", "docs": rawList(before), "query": anyOf(b, filter), "update": anyOf(b, change), "multi": true})
	var ours []any
	var after []string
	must(b, b.db.Find(b.Context(), env, "docs", "", docdb.Query{}, func(found bson.Raw) error {
		ours = append(ours, plain(b, found))
		after = append(after, peerText(found))
		return nil
	}))
	if err != nil && theirs.Error == "" {
		// mingo does not refuse what cannot be applied; ours changed nothing.
		b.seen["refused"]++
		if !slices.Equal(before, after) {
			b.Errorf("a refused update %s changed documents: %v", change, err)
		}
		return
	}
	b.compare(fmt.Sprintf("update %s by %s", filter, change), ours, err, theirs, false)
	b.docs = after
}

// negativeZero is 0 to the engine; mingo groups the two apart.
var negativeZero = regexp.MustCompile(`([:\[,])-0(?:\.0)?([,}\]])`)

var wrappedDate = regexp.MustCompile(`\{"\$date":\{"\$numberLong":"(-?[0-9]+)"\}\}`)

// peerText writes a document as the peer reads it.
func peerText(found bson.Raw) string {
	text := wrappedDate.ReplaceAllString(string(ejson.AppendDocument(nil, found)), `{"$$date":$1}`)
	return negativeZero.ReplaceAllString(negativeZero.ReplaceAllString(text, "${1}0${2}"), "${1}0${2}") // twice: two may share a comma
}

func (b *bench) aggregate() {
	b.Helper()
	b.seen["pipeline"]++
	names, values, ordered := b.gen.pipeline()
	var stages []aggregate.Stage
	var sent []json.RawMessage
	for i, name := range names {
		v, err := ejson.DecodeValue([]byte(values[i]), time.UnixMilli(0), ejson.Limits{})
		must(b, err)
		stages = append(stages, aggregate.Stage{Name: name, Value: v})
		sent = append(sent, json.RawMessage(fmt.Sprintf("{%q:%s}", name, values[i])))
	}
	var ours []any
	err := b.db.Aggregate(b.Context(), env, "docs", stages, nil, func(found bson.Raw) error {
		ours = append(ours, plain(b, found))
		return nil
	})
	others := make([]json.RawMessage, 0, 25)
	must(b, b.db.Find(b.Context(), env, "others", "", docdb.Query{}, func(found bson.Raw) error {
		others = append(others, json.RawMessage(peerText(found)))
		return nil
	}))
	theirs := b.peer.ask(b.T, map[string]any{"kind": "pipeline", "docs": rawList(b.docs), "pipeline": sent, "others": others})
	b.compare(fmt.Sprintf("pipeline %s %s", names, values), ours, err, theirs, ordered)
}
