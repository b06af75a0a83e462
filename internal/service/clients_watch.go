package service

import (
	"context"
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/internal/rules"
	"envshare/models"
)

// WatchQuery says which documents a client follows.
type WatchQuery struct {
	Query string
	Order []ClientOrder
	Limit int // 0 means as many as may be watched
}

// Bounds of a watch.
const (
	maxWatched      = 5000    // documents
	maxWatchedBytes = 8 << 20 // of their text, when the watch begins or changes
	// maxWatchedByAll bounds the documents of all watches together, of which 100 to
	// 200 bytes each are remembered.
	maxWatchedByAll = 1_000_000
)

// WatchChange is what happened to one document of a watch.
type WatchChange struct {
	Kind ChangeKind
	// ID is the document's id as text, Doc the document as JSON, "" when it left.
	ID, Doc string
	// Stays says that a document which left still exists.
	Stays bool
}

// ChangeKind says what happened.
type ChangeKind int

// What may happen to a watched document.
const (
	Entered ChangeKind = iota + 1
	Changes
	Left
)

// Watch follows the documents that match a query, for one client. Next is not safe
// for concurrent use; Close and Allowed may come while it runs.
type Watch struct {
	clients *Clients
	call    ClientDocumentCall
	query   WatchQuery
	known   map[string]watched
	seen    atomic.Bool // the document of a watch on doc(id) was shown once
	changed <-chan struct{}
	stop    func()

	mu      sync.Mutex
	counted int64 // documents that it has among those of all watches
	closed  bool
}

// watched is what is remembered of a document: enough to see that it changed.
type watched struct {
	digest [sha256.Size]byte
	id     bson.RawValue
}

// Watch begins to follow documents; Next gives the first ones. Needs what Find
// needs, now and at every Next. Close it.
func (s *Clients) Watch(ctx context.Context, c ClientDocumentCall, q WatchQuery) (*Watch, error) {
	g, err := s.guardCollection(ctx, c, models.DatabaseRead)
	if err != nil {
		return nil, err
	}
	w := &Watch{clients: s, call: c, query: q, known: map[string]watched{}}
	w.changed, w.stop = s.documents.db.Watch(g.env, c.Collection)
	return w, nil
}

// Changed gets a value after documents of the collection were changed.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Close ends the watch.
func (w *Watch) Close() {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clients.watched.Add(-w.counted)
	w.counted, w.closed = 0, true
}

// Allowed decides again whether the client may follow the documents: its login, the
// share or the rules may have changed.
func (w *Watch) Allowed(ctx context.Context) error {
	_, err := w.plan(ctx)
	return err
}

// watchPlan is what may be read for a watch now: a query, or, on doc(id), the one
// document that the rule was asked about, nil when there is none.
type watchPlan struct {
	guard guard
	query docdb.Query
	one   bool
	doc   bson.Raw
}

// plan decides, and returns what may be read.
func (w *Watch) plan(ctx context.Context) (watchPlan, error) {
	if err := w.clients.stillLoggedIn(ctx, w.call.Client); err != nil {
		return watchPlan{}, err
	}
	g, err := w.clients.guardCollection(ctx, w.call, models.DatabaseRead)
	if err != nil {
		return watchPlan{}, err
	}
	q, err := w.clients.clientQuery(g, w.call.ByID, ClientQuery{Query: w.query.Query, Order: w.query.Order})
	if err != nil {
		return watchPlan{}, err
	}
	q.Limit = maxWatched + 1
	if w.query.Limit > 0 {
		q.Limit = min(w.query.Limit, maxWatched)
	}
	p := watchPlan{guard: g, query: q, one: w.call.ByID && !g.ownOnly(rules.Read)}
	if p.one {
		p.doc, err = w.allowOne(ctx, g, q.Filter)
		return p, err
	}
	p.query.Filter, err = g.condition(ctx, rules.Read, w.call.ByID, q.Filter, nil)
	return p, err
}

// allowOne reads the document of a watch on doc(id), and decides by it. That a
// document which was shown is gone is no secret: the watch goes on.
func (w *Watch) allowOne(ctx context.Context, g guard, filter bson.Raw) (bson.Raw, error) {
	doc, err := w.clients.readable(ctx, g, filter)
	if err != nil || doc == nil && w.seen.Load() {
		return nil, err
	}
	return doc, g.allowDocument(ctx, rules.Read, doc, nil)
}

// stillLoggedIn refuses a person whose login is over; a visitor has none.
func (s *Clients) stillLoggedIn(ctx context.Context, c Client) error {
	if !c.LoggedIn() {
		return nil
	}
	session, err := s.store.Clients.Session(ctx, c.session.ID)
	if models.IsCode(err, models.CodeNotFound) || err == nil && !s.clock().Before(session.RefreshUntil) {
		return models.E(models.CodeSessionInvalid, "call.session_expired")
	}
	return err
}

// Next reads what matches now and returns what is different from the last time.
func (w *Watch) Next(ctx context.Context) (_ []WatchChange, err error) {
	defer w.clients.countedFor(&w.call.ClientCall, models.DatabaseRead, &err)
	p, err := w.plan(ctx)
	if err != nil {
		return nil, err
	}
	round := watchRound{before: w.known, now: make(map[string]watched, len(w.known))}
	switch {
	case !p.one:
		err = w.clients.documents.db.Find(ctx, p.guard.env, w.call.Collection, "", p.query, round.see)
	case p.doc != nil:
		err = round.see(p.doc)
	}
	if err != nil {
		return nil, err
	}
	for key, one := range w.known {
		if _, still := round.now[key]; still {
			continue
		}
		there, err := w.clients.readable(ctx, p.guard, equals("_id", one.id))
		if err != nil {
			return nil, err
		}
		round.changes = append(round.changes, WatchChange{Kind: Left, ID: key, Stays: there != nil})
	}
	if !w.remember(round.now) {
		return nil, models.E(models.CodeLimited, "call.watches_large")
	}
	return round.changes, nil
}

// remember keeps what is there now, unless all watches together would follow too
// many documents.
func (w *Watch) remember(now map[string]watched) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if more := int64(len(now)) - w.counted; !w.closed {
		if all := w.clients.watched.Add(more); more > 0 && all > maxWatchedByAll {
			w.clients.watched.Add(-more)
			return false
		}
		w.counted += more
	}
	w.known = now
	if len(now) > 0 {
		w.seen.Store(true)
	}
	return true
}

// watchRound compares what matches now with what did before.
type watchRound struct {
	before, now map[string]watched
	changes     []WatchChange
	bytes       int // of the changes
}

func (r *watchRound) see(doc bson.Raw) error {
	id := value.Get(doc, value.Path{"_id"})
	key := idText(id)
	one := watched{digest: sha256.Sum256(doc), id: bson.RawValue{Type: id.Type, Value: append([]byte(nil), id.Value...)}}
	r.now[key] = one
	before, known := r.before[key]
	if known && before.digest == one.digest {
		return nil
	}
	text := string(ejson.AppendClient(nil, doc))
	if r.bytes += len(text); r.bytes > maxWatchedBytes || len(r.now) > maxWatched {
		return models.E(models.CodeResultTooLarge, "call.watch_large", "documents", maxWatched, "mb", maxWatchedBytes>>20)
	}
	kind := Entered
	if known {
		kind = Changes
	}
	r.changes = append(r.changes, WatchChange{Kind: kind, ID: key, Doc: text})
	return nil
}

// idText is an id as the SDK compares it: text as it is, anything else as JSON.
func idText(id bson.RawValue) string {
	if text, ok := value.Text(id); ok {
		return string(text)
	}
	return string(ejson.AppendClientValue(nil, id))
}
