package rules

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// maxSubstituteDepth is how deep a query may nest, as the engine bounds it.
const maxSubstituteDepth = 100

// Substitute replaces the values '{openid}', '{unionid}', '{uid}' and '{appid}' of
// a query by the caller's own, at any depth, in values only. A query that asks for
// a name which the caller has not got can match nothing of theirs: the error has
// the code forbidden.
func Substitute(filter bson.Raw, auth *Auth) (bson.Raw, error) {
	if !bytes.Contains(filter, []byte("id}\x00")) {
		return filter, nil
	}
	s := substitution{auth: auth}
	out, err := s.document(filter, true, 0)
	if err != nil || !s.changed {
		return filter, err
	}
	return out, nil
}

type substitution struct {
	auth    *Auth
	changed bool
}

func (s *substitution) document(doc bson.Raw, isDocument bool, depth int) (bson.Raw, error) {
	if depth > maxSubstituteDepth {
		return nil, models.E(models.CodeInvalid, "docdb.filter_deep", "depth", maxSubstituteDepth)
	}
	documents, arrays := bsoncore.NewDocumentBuilder(), bsoncore.NewArrayBuilder()
	it := value.Iterate(doc)
	for it.Next() {
		v, err := s.value(it.Value(), depth)
		if err != nil {
			return nil, err
		}
		one := bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value}
		if isDocument {
			documents.AppendValue(string(it.Key()), one)
		} else {
			arrays.AppendValue(one)
		}
	}
	if it.Err() != nil {
		return nil, models.E(models.CodeInvalid, "docdb.malformed")
	}
	if isDocument {
		return bson.Raw(documents.Build()), nil
	}
	return bson.Raw(arrays.Build()), nil
}

func (s *substitution) value(v bson.RawValue, depth int) (bson.RawValue, error) {
	switch v.Type {
	case bson.TypeEmbeddedDocument, bson.TypeArray:
		inner, err := s.document(v.Value, v.Type == bson.TypeEmbeddedDocument, depth+1)
		return bson.RawValue{Type: v.Type, Value: inner}, err
	case bson.TypeString:
		return s.text(v)
	}
	return v, nil
}

func (s *substitution) text(v bson.RawValue) (bson.RawValue, error) {
	var own string
	name, _ := value.Text(v)
	auth := s.auth
	if auth == nil {
		auth = &Auth{}
	}
	switch string(name) {
	case "{openid}":
		own = auth.OpenID
	case "{unionid}":
		own = auth.UnionID
	case "{uid}":
		own = auth.UID
	case "{appid}":
		own = auth.AppID
	default:
		return v, nil
	}
	if own == "" {
		return v, models.E(models.CodeForbidden, "rules.no_identity", "name", string(name))
	}
	s.changed = true
	return value.String(own), nil
}
