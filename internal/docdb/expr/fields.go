package expr

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// reference reads "$field.path" or "$$variable.path".
func (p parser) reference(text string) (*Expr, error) {
	name, isVariable := strings.CutPrefix(text, "$$")
	if !isVariable {
		path, err := value.ParsePath(text[1:])
		if err != nil {
			return nil, err
		}
		return &Expr{alias: true, run: func(s *Scope) (bson.RawValue, error) { return follow(s, value.Document(s.Current), path) }}, nil
	}
	name, rest, deep := strings.Cut(name, ".")
	if !p.vars[name] {
		return nil, models.E(models.CodeOperator, "docdb.expr_variable", "variable", "$$"+name)
	}
	var path value.Path
	if deep {
		var err error
		if path, err = value.ParsePath(rest); err != nil {
			return nil, err
		}
	}
	return &Expr{alias: true, run: func(s *Scope) (bson.RawValue, error) { return follow(s, s.variable(name), path) }}, nil
}

func (s *Scope) variable(name string) bson.RawValue {
	if v, ok := s.Vars[name]; ok {
		return v
	}
	switch name {
	case "ROOT":
		return value.Document(s.Root)
	case "CURRENT":
		return value.Document(s.Current)
	case "NOW":
		return value.Date(s.Now)
	}
	return bson.RawValue{}
}

// follow reads a path as expressions do: arrays on the way give the array of what
// their objects have; a number is a name and no index.
func follow(s *Scope, v bson.RawValue, path value.Path) (bson.RawValue, error) {
	if err := s.Budget.Spend(1); err != nil {
		return v, err
	}
	for i, segment := range path {
		switch v.Type {
		case bson.TypeEmbeddedDocument:
			var err error
			if v, err = s.member(v.Value, segment); err != nil {
				return v, err
			}
		case bson.TypeArray:
			return followAll(s, v, path[i:])
		default:
			return bson.RawValue{}, nil
		}
	}
	return v, nil
}

// wide is from how many bytes on the members that a look-up passes are counted.
const wide = 4096

// member looks up a member; its cost grows with how far back it is.
func (s *Scope) member(doc bson.Raw, name string) (bson.RawValue, error) {
	if len(doc) < wide {
		return value.Get(doc, value.Path{name}), nil
	}
	passed := 0
	it := value.Iterate(doc)
	for it.Next() {
		if string(it.Key()) == name {
			return it.Value(), s.Budget.Spend(passed >> 3)
		}
		passed++
	}
	return bson.RawValue{}, s.Budget.Spend(passed >> 3)
}

func followAll(s *Scope, v bson.RawValue, path value.Path) (bson.RawValue, error) {
	if err := s.Budget.Hold(len(v.Value)); err != nil {
		return v, err
	}
	list := newList()
	it := value.Iterate(v.Value)
	for it.Next() {
		if it.Value().Type != bson.TypeEmbeddedDocument && it.Value().Type != bson.TypeArray {
			if err := s.Budget.Spend(1); err != nil {
				return v, err
			}
			continue
		}
		inner, err := follow(s, it.Value(), path)
		if err != nil {
			return v, err
		}
		if inner.Type != 0 {
			list.add(inner)
		}
	}
	return sized(list.value())
}
