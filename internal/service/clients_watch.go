package service

import (
	"context"
	"crypto/sha256"

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

// Watch follows the documents that match a query, for one client. It is not safe
// for concurrent use.
type Watch struct {
	clients *Clients
	call    ClientDocumentCall
	query   WatchQuery
	known   map[string]watched
	changed <-chan struct{}
	stop    func()
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
func (w *Watch) Close() { w.stop() }

// Allowed decides again whether the client may follow the documents, without
// reading them: its login, the share or the rules may have changed.
func (w *Watch) Allowed(ctx context.Context) error {
	_, _, err := w.plan(ctx)
	return err
}

// plan decides, and returns the query that may be run.
func (w *Watch) plan(ctx context.Context) (guard, docdb.Query, error) {
	if err := w.clients.stillLoggedIn(ctx, w.call.Client); err != nil {
		return guard{}, docdb.Query{}, err
	}
	g, err := w.clients.guardCollection(ctx, w.call, models.DatabaseRead)
	if err != nil {
		return g, docdb.Query{}, err
	}
	q, err := w.clients.clientQuery(g, ClientQuery{Query: w.query.Query, Order: w.query.Order})
	if err != nil {
		return g, q, err
	}
	q.Limit = maxWatched + 1
	if w.query.Limit > 0 {
		q.Limit = min(w.query.Limit, maxWatched)
	}
	q.Filter, err = g.condition(ctx, rules.Read, w.call.ByID, q.Filter, nil)
	return g, q, err
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
	g, q, err := w.plan(ctx)
	if err != nil {
		return nil, err
	}
	now := make(map[string]watched, len(w.known))
	var out []WatchChange
	bytes := 0
	err = w.clients.documents.db.Find(ctx, g.env, w.call.Collection, "", q, func(doc bson.Raw) error {
		id := value.Get(doc, value.Path{"_id"})
		key := idText(id)
		one := watched{digest: sha256.Sum256(doc), id: bson.RawValue{Type: id.Type, Value: append([]byte(nil), id.Value...)}}
		now[key] = one
		before, known := w.known[key]
		if known && before.digest == one.digest {
			return nil
		}
		text := string(ejson.AppendClient(nil, doc))
		if bytes += len(text); bytes > maxWatchedBytes || len(now) > maxWatched {
			return models.E(models.CodeResultTooLarge, "call.watch_large", "documents", maxWatched, "mb", maxWatchedBytes>>20)
		}
		kind := Entered
		if known {
			kind = Changes
		}
		out = append(out, WatchChange{Kind: kind, ID: key, Doc: text})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for key, one := range w.known {
		if _, still := now[key]; still {
			continue
		}
		there, err := w.clients.readable(ctx, g, equals("_id", one.id))
		if err != nil {
			return nil, err
		}
		out = append(out, WatchChange{Kind: Left, ID: key, Stays: there != nil})
	}
	w.known = now
	return out, nil
}

// idText is an id as the SDK compares it: text as it is, anything else as JSON.
func idText(id bson.RawValue) string {
	if text, ok := value.Text(id); ok {
		return string(text)
	}
	return string(ejson.AppendClientValue(nil, id))
}
