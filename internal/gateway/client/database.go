package client

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strconv"

	"envshare/internal/service"
	"envshare/models"
)

// documentParams are the parameters of the calls of client protocol, section 6.1.
type documentParams struct {
	Collection string `json:"collection_name"`
	Query      string `json:"query"`
	QueryType  int    `json:"query_type"` // 1: doc(id)
	Data       string `json:"data"`
	Projection string `json:"projection"`
	Offset     int    `json:"offset"`
	Limit      int    `json:"limit"`
	Order      []struct {
		Field     string `json:"field"`
		Direction int    `json:"direction"` // 0 ascending, 1 descending
	} `json:"order"`
	Multi    bool        `json:"multi"`
	IDType   int         `json:"_id_type"` // 2: IDNumber
	ID       string      `json:"_id"`
	IDNumber json.Number `json:"_id_number"`
	Stages   []struct {
		Key   string `json:"stage_key"`
		Value string `json:"stage_value"`
	} `json:"stages"`
}

const queryByID = 1

func (c *call) documents() (documentParams, service.ClientDocumentCall, error) {
	var p documentParams
	err := c.params(&p)
	return p, service.ClientDocumentCall{ClientCall: c.client, Collection: p.Collection, ByID: p.QueryType == queryByID}, err
}

func (h *Handler) addDocument(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	id, err := h.clients.Add(ctx, where, p.Data)
	if err != nil {
		return nil, err
	}
	return withID(inner{}, id)
}

// withID adds the id of a created document: text, or a number of JavaScript beside
// a text that is true.
func withID(in inner, id json.RawMessage) (inner, error) {
	var text string
	if json.Unmarshal(id, &text) == nil {
		in["_id"] = text
		return in, nil
	}
	number, err := strconv.ParseFloat(string(id), 64)
	if err != nil || math.IsInf(number, 0) {
		in["_id"] = string(id)
		return in, nil //nolint:nilerr // an id of another type is shown as its text
	}
	in["_id"], in["_id_type"], in["_id_number"] = string(id), 2, number
	return in, nil
}

func (h *Handler) queryDocument(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	q := service.ClientQuery{Query: p.Query, Projection: p.Projection, Offset: p.Offset, Limit: p.Limit}
	for _, o := range p.Order {
		q.Order = append(q.Order, service.ClientOrder{Field: o.Field, Descending: o.Direction == 1})
	}
	list, err := h.clients.Find(ctx, where, q)
	if err != nil {
		return nil, err
	}
	return inner{"data_list": string(plain(joined(list)))}, nil
}

// joined writes an array of documents.
func joined(list []string) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, doc := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(doc)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func (h *Handler) countDocument(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	n, err := h.clients.Count(ctx, where, p.Query)
	return inner{"total": n}, err
}

func (h *Handler) setDocument(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	id, err := marshal(p.ID)
	if p.IDType == 2 {
		id = []byte(p.IDNumber)
	}
	if err != nil {
		return nil, err
	}
	if len(id) == 0 || string(id) == `""` {
		return nil, models.E(models.CodeInvalid, "call.document_id")
	}
	created, err := h.clients.Set(ctx, where, id, p.Data)
	if err != nil || !created {
		return inner{"updated": 1}, err // without _id it counts as updated
	}
	return withID(inner{}, id)
}

func (h *Handler) updateDocument(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	n, err := h.clients.Update(ctx, where, p.Query, p.Data, p.Multi)
	return inner{"updated": n}, err
}

func (h *Handler) deleteDocument(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	n, err := h.clients.Remove(ctx, where, p.Query, p.Multi)
	return inner{"deleted": n}, err
}

func (h *Handler) aggregate(ctx context.Context, c *call) (inner, error) {
	p, where, err := c.documents()
	if err != nil {
		return nil, err
	}
	stages := make([]service.DocumentStage, len(p.Stages))
	for i, s := range p.Stages {
		stages[i] = service.DocumentStage{Name: s.Key, Value: s.Value}
	}
	list, err := h.clients.Aggregate(ctx, where, stages)
	if err != nil {
		return nil, err
	}
	for i, doc := range list {
		list[i] = string(plain([]byte(doc))) // apostrophes are escaped at every level
	}
	text, err := marshal(list)
	return inner{"list": string(text)}, err
}
