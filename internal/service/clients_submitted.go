package service

import (
	"bytes"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// ownerField names who created a document. The server sets it, and no client
// changes it.
const ownerField = "_openid"

func forged() error { return models.E(models.CodeInvalid, "call.openid_set", "field", ownerField) }

// owned returns a new document with its owner. What the client sent as owner must
// be itself.
func (g guard) owned(doc bson.Raw) (bson.Raw, error) {
	own := bson.RawValue{}
	if g.input.Auth != nil {
		own = value.String(g.input.Auth.OpenID)
	}
	if sent := value.Get(doc, value.Path{ownerField}); sent.Type != 0 && !equalValues(sent, own) {
		return nil, forged()
	}
	if own.Type == 0 {
		return doc, nil
	}
	return withField(doc, ownerField, own), nil
}

func equalValues(a, b bson.RawValue) bool { return a.Type == b.Type && bytes.Equal(a.Value, b.Value) }

// replacing returns the document that takes the place of another one, whose id and
// owner it keeps.
func (g guard) replacing(there bson.Raw, id bson.RawValue, data bson.Raw) (bson.Raw, error) {
	owner := value.Get(there, value.Path{ownerField})
	if sent := value.Get(data, value.Path{ownerField}); sent.Type != 0 && !equalValues(sent, owner) {
		return nil, forged()
	}
	doc := data
	if owner.Type != 0 {
		doc = withField(doc, ownerField, owner)
	}
	return withField(doc, "_id", id), nil
}

// submitted is request.data of an update by operators: what $set sets, as a
// document, and in every other place that an operator writes to, a document with
// that operator. So request.data.price == undefined holds only for updates that
// leave the price alone. Updates of the owner or the id are refused.
func submitted(change bson.Raw) (bson.Raw, error) {
	tree := bson.D{}
	var err error
	walkErr := value.Elements(change, func(operator string, v bson.RawValue) bool {
		fields, ok := value.AsDocument(v)
		if !ok || !strings.HasPrefix(operator, "$") {
			err = models.E(models.CodeOperator, "docdb.update_operators", "field", operator)
			return false
		}
		inner := value.Elements(fields, func(path string, v bson.RawValue) bool {
			err = submit(&tree, operator, path, v)
			return err == nil
		})
		if err == nil {
			err = inner
		}
		return err == nil
	})
	if err == nil {
		err = walkErr
	}
	if err != nil {
		return nil, err
	}
	return bson.Marshal(tree)
}

// submit notes what one operator does to one path.
func submit(tree *bson.D, operator, path string, v bson.RawValue) error {
	targets := []string{path}
	var noted any = v
	if operator != "$set" {
		noted = bson.D{{Key: operator, Value: v}}
	}
	if to, ok := value.Text(v); ok && operator == "$rename" {
		targets = append(targets, string(to))
	}
	for _, target := range targets {
		parts := strings.Split(target, ".")
		if parts[0] == ownerField || parts[0] == "_id" {
			return models.E(models.CodeInvalid, "call.openid_set", "field", parts[0])
		}
		place(tree, parts, noted)
	}
	return nil
}

// place puts a value at a path of a tree; what stands on the way stays beside it.
func place(tree *bson.D, parts []string, v any) {
	for i := range *tree {
		e := &(*tree)[i]
		if e.Key != parts[0] {
			continue
		}
		inner, ok := e.Value.(bson.D)
		if len(parts) == 1 || !ok {
			return // it is noted as touched already
		}
		place(&inner, parts[1:], v)
		e.Value = inner
		return
	}
	if len(parts) == 1 {
		*tree = append(*tree, bson.E{Key: parts[0], Value: v})
		return
	}
	inner := bson.D{}
	place(&inner, parts[1:], v)
	*tree = append(*tree, bson.E{Key: parts[0], Value: inner})
}
