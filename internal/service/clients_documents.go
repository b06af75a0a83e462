package service

import (
	"context"
	"encoding/json"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
	"envshare/internal/rules"
	"envshare/models"
)

// ClientDocumentCall is a client's call on a collection.
type ClientDocumentCall struct {
	ClientCall
	Collection string
	// ByID marks a call on doc(id): its query names _id alone, and the rule may look
	// at that one document.
	ByID bool
}

// ClientOrder is one key of a sort.
type ClientOrder struct {
	Field      string
	Descending bool
}

// ClientQuery is a read; texts are extended JSON, "" for none.
type ClientQuery struct {
	Query, Projection string
	Order             []ClientOrder
	Offset, Limit     int // Limit 0 means 20; more are never returned
}

// Bounds of clients (client protocol, sections 3.3 and 6).
const (
	maxClientDocuments = 20
	maxClientRead      = 1 << 20 // bytes of an answer
	maxClientWrite     = 512 << 10
	maxClientOrder     = 32
)

// clientLimits bound what a client sends as one document or condition.
var clientLimits = ejson.Limits{Bytes: maxClientWrite}

func (s *Clients) decodeDocument(text string) (bson.Raw, error) {
	return ejson.DecodeDocument([]byte(text), s.clock(), clientLimits)
}

// decodeCondition decodes a query, in which '{openid}' and its like stand for the
// caller. One of a call on doc(id) names that id and nothing else: the rule looks at
// the document that it finds, so a query of the caller's own would find out what
// documents hold that the caller may not read.
func (s *Clients) decodeCondition(g guard, byID bool, text string) (bson.Raw, error) {
	if text == "" {
		text = "{}"
	}
	filter, err := s.decodeDocument(text)
	if err != nil {
		return nil, err
	}
	if byID && !namesOneID(filter) {
		return nil, models.E(models.CodeInvalid, "call.document_id")
	}
	return rules.Substitute(filter, g.input.Auth)
}

// namesOneID reports whether a condition is {_id: value} and finds one document at
// most.
func namesOneID(filter bson.Raw) bool {
	it := value.Iterate(filter)
	if !it.Next() || string(it.Key()) != "_id" {
		return false
	}
	switch it.Value().Type {
	case bson.TypeEmbeddedDocument, bson.TypeArray, bson.TypeRegex, bson.TypeNull, bson.TypeUndefined:
		return false
	}
	return !it.Next()
}

// Find returns documents as the client SDK reads them. Needs database.read, and
// the collection's read rule must be implied by the query, or hold for the one
// document.
func (s *Clients) Find(ctx context.Context, c ClientDocumentCall, q ClientQuery) (_ []string, err error) {
	defer s.countedFor(&c.ClientCall, models.DatabaseRead, &err)
	g, err := s.guardCollection(ctx, c, models.DatabaseRead)
	if err != nil {
		return nil, err
	}
	find, err := s.clientQuery(g, c.ByID, q)
	if err != nil {
		return nil, err
	}
	var out clientResults
	if c.ByID && !g.ownOnly(rules.Read) {
		err := s.findOne(ctx, g, find, out.add)
		return out.list, err
	}
	if find.Filter, err = g.condition(ctx, rules.Read, c.ByID, find.Filter, nil); err != nil {
		return nil, err
	}
	err = s.documents.db.Find(ctx, g.env, c.Collection, "", find, out.add)
	return out.list, err
}

// findOne reads one document, asks the rule about it, and shows what was asked for:
// one reading, so that nothing else is shown than was decided about.
func (s *Clients) findOne(ctx context.Context, g guard, q docdb.Query, add func(bson.Raw) error) error {
	projection, err := query.ParseProjection(q.Projection)
	if err != nil {
		return err
	}
	doc, err := s.readable(ctx, g, q.Filter)
	if err != nil {
		return err
	}
	if err := g.allowDocument(ctx, rules.Read, doc, nil); err != nil || doc == nil {
		return err
	}
	shown, err := projection.Apply(doc)
	if err != nil {
		return err
	}
	return add(shown)
}

func (s *Clients) clientQuery(g guard, byID bool, q ClientQuery) (docdb.Query, error) {
	if q.Offset < 0 || q.Limit < 0 || len(q.Order) > maxClientOrder {
		return docdb.Query{}, models.E(models.CodeInvalid, "call.page_negative")
	}
	out := docdb.Query{Skip: q.Offset, Limit: maxClientDocuments}
	if q.Limit > 0 {
		out.Limit = min(q.Limit, maxClientDocuments)
	}
	var err error
	if out.Filter, err = s.decodeCondition(g, byID, q.Query); err != nil {
		return out, err
	}
	if q.Projection != "" {
		if out.Projection, err = s.decodeDocument(q.Projection); err != nil {
			return out, err
		}
	}
	if len(q.Order) > 0 {
		order := bson.D{}
		for _, o := range q.Order {
			direction := int32(1)
			if o.Descending {
				direction = -1
			}
			order = append(order, bson.E{Key: o.Field, Value: direction})
		}
		out.Sort, err = bson.Marshal(order)
	}
	return out, err
}

// clientResults gathers documents up to what one answer may carry.
type clientResults struct {
	list  []string
	bytes int
}

func (r *clientResults) add(doc bson.Raw) error {
	text := ejson.AppendClient(nil, doc)
	if r.bytes += len(text); r.bytes > maxClientRead {
		return models.E(models.CodeResultTooLarge, "call.documents_too_large", "mb", maxClientRead>>20)
	}
	r.list = append(r.list, string(text))
	return nil
}

// Count returns how many documents match. Needs what Find needs.
func (s *Clients) Count(ctx context.Context, c ClientDocumentCall, query string) (_ int64, err error) {
	defer s.countedFor(&c.ClientCall, models.DatabaseRead, &err)
	g, err := s.guardCollection(ctx, c, models.DatabaseRead)
	if err != nil {
		return 0, err
	}
	filter, err := s.decodeCondition(g, false, query)
	if err != nil {
		return 0, err
	}
	if filter, err = g.condition(ctx, rules.Read, false, filter, nil); err != nil {
		return 0, err
	}
	return s.documents.db.Count(ctx, g.env, c.Collection, "", filter)
}

// Add creates a document and returns its id as JSON. Needs database.write, and the
// create rule must hold for the document. Its _openid is the caller's, whatever
// was sent.
func (s *Clients) Add(ctx context.Context, c ClientDocumentCall, data string) (_ json.RawMessage, err error) {
	defer s.countedFor(&c.ClientCall, models.DatabaseWrite, &err)
	g, err := s.guardCollection(ctx, c, models.DatabaseWrite)
	if err != nil {
		return nil, err
	}
	doc, err := s.decodeDocument(data)
	if err != nil {
		return nil, err
	}
	if doc, err = g.owned(doc); err != nil {
		return nil, err
	}
	if err := g.allowNew(ctx, doc); err != nil {
		return nil, err
	}
	ids, err := s.documents.db.Insert(ctx, g.env, c.Collection, "", []bson.Raw{doc})
	if err != nil {
		return nil, err
	}
	return ejson.AppendClientValue(nil, ids[0]), nil
}

// Update changes documents by operators and returns how many. Needs
// database.write; the update rule must be implied by the query, or hold for the
// one document, which is decided inside of the write.
func (s *Clients) Update(ctx context.Context, c ClientDocumentCall, query, data string, multi bool) (_ int64, err error) {
	defer s.countedFor(&c.ClientCall, models.DatabaseWrite, &err)
	g, err := s.guardCollection(ctx, c, models.DatabaseWrite)
	if err != nil {
		return 0, err
	}
	change, err := s.decodeDocument(data)
	if err != nil {
		return 0, err
	}
	sent, err := submitted(change)
	if err != nil {
		return 0, err
	}
	filter, err := s.writeCondition(ctx, g, c, rules.Update, query, sent)
	if err != nil {
		return 0, err
	}
	done, err := s.documents.db.Update(ctx, g.env, c.Collection, "", docdb.Change{
		Filter: filter, Update: change, Multi: multi && !c.ByID, Check: g.check(ctx, rules.Update, c.ByID, sent),
	})
	return done.Modified, err
}

// Remove deletes documents and returns how many. Needs database.write and the
// delete rule, like Update.
func (s *Clients) Remove(ctx context.Context, c ClientDocumentCall, query string, multi bool) (_ int64, err error) {
	defer s.countedFor(&c.ClientCall, models.DatabaseWrite, &err)
	g, err := s.guardCollection(ctx, c, models.DatabaseWrite)
	if err != nil {
		return 0, err
	}
	filter, err := s.writeCondition(ctx, g, c, rules.Delete, query, nil)
	if err != nil {
		return 0, err
	}
	return s.documents.db.RemoveChecked(ctx, g.env, c.Collection, "", filter, multi && !c.ByID, g.check(ctx, rules.Delete, c.ByID, nil))
}

// writeCondition decides the condition of a write. An empty one is invalid, so that
// a forgotten condition does not change everything.
func (s *Clients) writeCondition(ctx context.Context, g guard, c ClientDocumentCall, op rules.Operation, query string, data bson.Raw) (bson.Raw, error) {
	filter, err := s.decodeCondition(g, c.ByID, query)
	if err != nil {
		return nil, err
	}
	if len(filter) <= emptyDocument {
		return nil, models.E(models.CodeInvalid, "call.query_empty")
	}
	return g.condition(ctx, op, c.ByID, filter, data)
}

// emptyDocument is the size of a document without elements, in bytes.
const emptyDocument = 5

// readable reads the one document of a doc(id) call, nil when there is none. The
// rule looks at it where it must, in condition.
func (s *Clients) readable(ctx context.Context, g guard, filter bson.Raw) (bson.Raw, error) {
	var found bson.Raw
	err := s.documents.db.Find(ctx, g.env, g.collection, "", docdb.Query{Filter: filter, Limit: 1}, func(doc bson.Raw) error {
		found = append(bson.Raw(nil), doc...)
		return nil
	})
	return found, err
}
