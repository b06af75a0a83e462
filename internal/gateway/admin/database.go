package admin

import (
	"context"
	"encoding/json"
	"net/http"

	"envshare/internal/service"
	"envshare/models"
)

// databaseActions are the actions of admin protocol, sections 8 and 9.
var databaseActions = map[string]func(*Handler, context.Context, *call) (Answer, error){
	"database.addCollection":      (*Handler).addCollection,
	"database.insertDocument":     (*Handler).insertDocument,
	"database.getDocument":        (*Handler).getDocument,
	"database.calculateDocument":  (*Handler).calculateDocument,
	"database.modifyDocument":     (*Handler).modifyDocument,
	"database.modifyAndReturnDoc": (*Handler).modifyAndReturnDoc,
	"database.removeDocument":     (*Handler).removeDocument,
	"database.aggregateDocuments": (*Handler).aggregateDocuments,
	"database.startTransaction":   (*Handler).startTransaction,
	"database.commitTransaction":  (*Handler).commitTransaction,
	"database.abortTransaction":   (*Handler).abortTransaction,
}

// answer makes the reply of an action whose answer is JSON.
func (c *call) answer(a Answer, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	a.RequestID = c.info.RequestID
	return reply{answered, func(w http.ResponseWriter) error { return WriteAnswer(w, a) }}, nil
}

// documents says who calls on which collection.
func (c *call) documents() service.DocumentCall {
	collection, _ := c.String("collectionName")
	transaction, _ := c.String("transactionId")
	return service.DocumentCall{Credential: c.cred, Info: c.info, Collection: collection, TransactionID: transaction}
}

func (h *Handler) addCollection(ctx context.Context, c *call) (Answer, error) {
	return Answer{}, h.docs.CreateCollection(ctx, c.documents())
}

func (h *Handler) insertDocument(ctx context.Context, c *call) (Answer, error) {
	var documents []string
	if err := c.decode("data", &documents); err != nil {
		return Answer{}, err
	}
	ids, err := h.docs.Insert(ctx, c.documents(), documents)
	return Answer{Data: struct {
		IDs []json.RawMessage `json:"insertedIds"`
	}{ids}}, err
}

func (h *Handler) getDocument(ctx context.Context, c *call) (Answer, error) {
	var q service.DocumentQuery
	q.Query, _ = c.String("query")
	q.Order, _ = c.String("order")
	q.Projection, _ = c.String("projection")
	if err := c.decode("limit", &q.Limit); err != nil {
		return Answer{}, err
	}
	if err := c.decode("offset", &q.Offset); err != nil {
		return Answer{}, err
	}
	list, err := h.docs.Find(ctx, c.documents(), q)
	return listed(list), err
}

// listed answers with documents; an empty list must be one.
func listed(list []string) Answer {
	if list == nil {
		list = []string{}
	}
	return Answer{Data: struct {
		List []string `json:"list"`
	}{list}}
}

func (h *Handler) calculateDocument(ctx context.Context, c *call) (Answer, error) {
	query, _ := c.String("query")
	total, err := h.docs.Count(ctx, c.documents(), query)
	return Answer{Data: struct {
		Total int64 `json:"total"`
	}{total}}, err
}

func (h *Handler) modifyDocument(ctx context.Context, c *call) (Answer, error) {
	merge := true
	var change service.DocumentChange
	change.Query, _ = c.String("query")
	change.Data, _ = c.String("data")
	for name, into := range map[string]*bool{"merge": &merge, "multi": &change.Multi, "upsert": &change.Upsert} {
		if err := c.decode(name, into); err != nil {
			return Answer{}, err
		}
	}
	change.Replace = !merge
	changed, err := h.docs.Update(ctx, c.documents(), change)
	return Answer{Data: struct {
		Updated  int64           `json:"updated"`
		UpsertID json.RawMessage `json:"upsert_id"`
	}{changed.Updated, changed.UpsertedID}}, err
}

func (h *Handler) modifyAndReturnDoc(ctx context.Context, c *call) (Answer, error) {
	query, _ := c.String("query")
	data, _ := c.String("data")
	doc, err := h.docs.UpdateAndReturn(ctx, c.documents(), query, data)
	out := struct {
		Updated int     `json:"updated"`
		Doc     *string `json:"doc"`
	}{}
	if doc != "" {
		out.Updated, out.Doc = 1, &doc
	}
	return Answer{Data: out}, err
}

func (h *Handler) removeDocument(ctx context.Context, c *call) (Answer, error) {
	query, _ := c.String("query")
	var multi bool
	if err := c.decode("multi", &multi); err != nil {
		return Answer{}, err
	}
	deleted, err := h.docs.Remove(ctx, c.documents(), query, multi)
	return Answer{Data: struct {
		Deleted int64 `json:"deleted"`
	}{deleted}}, err
}

func (h *Handler) aggregateDocuments(ctx context.Context, c *call) (Answer, error) {
	var sent []struct {
		Name  string `json:"stageKey"`
		Value string `json:"stageValue"`
	}
	if err := c.decode("stages", &sent); err != nil {
		return Answer{}, err
	}
	stages := make([]service.DocumentStage, len(sent))
	for i, s := range sent {
		stages[i] = service.DocumentStage{Name: s.Name, Value: s.Value}
	}
	list, err := h.docs.Aggregate(ctx, c.documents(), stages)
	return listed(list), err
}

func (h *Handler) startTransaction(ctx context.Context, c *call) (Answer, error) {
	id, err := h.docs.Begin(ctx, c.documents())
	return Answer{TransactionID: id}, err
}

func (h *Handler) commitTransaction(ctx context.Context, c *call) (Answer, error) {
	return Answer{}, h.docs.Commit(ctx, c.documents())
}

func (h *Handler) abortTransaction(ctx context.Context, c *call) (Answer, error) {
	return Answer{}, h.docs.Abort(ctx, c.documents())
}

// decode reads a parameter into v. An absent one leaves v as it is; one of a
// wrong type is refused, because the signature does not bind the type.
func (c *call) decode(name string, v any) error {
	raw, ok := c.Raw(name)
	if !ok || string(raw) == "null" || string(raw) == `""` {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return models.E(models.CodeInvalid, "call.parameter_type", "name", name).Wrap(err)
	}
	return nil
}
