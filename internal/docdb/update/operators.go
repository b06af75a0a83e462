package update

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

func parseOperation(name, key string, v bson.RawValue, now time.Time) (operation, error) {
	path, err := value.ParsePath(key)
	if err != nil {
		return operation{}, err
	}
	op := operation{name: name, path: path, creates: true}
	if path[0][0] == '$' {
		return op, refused("docdb.field_dollar", "field", key)
	}
	switch name {
	case "$set", "$setOnInsert":
		op.change = func(bson.RawValue) (bson.RawValue, action, error) { return v, put, nil }
	case "$unset":
		op.creates = false
		op.change = func(bson.RawValue) (bson.RawValue, action, error) { return v, remove, nil }
	case "$inc", "$mul":
		op.change, err = arithmetic(name, key, v)
	case "$min", "$max":
		op.change = extreme(name == "$max", v)
	case "$rename":
		to, ok := value.Text(v)
		if !ok {
			return op, refused("docdb.update_rename", "field", key)
		}
		if op.rename, err = value.ParsePath(string(to)); err == nil && op.rename[0][0] == '$' {
			err = refused("docdb.field_dollar", "field", string(to))
		}
	case "$currentDate":
		op.change, err = currentDate(v, now)
	case "$bit":
		op.change, err = bitwise(key, v)
	default:
		op.change, op.creates, err = arrayOperation(name, key, v)
	}
	return op, err
}

func arithmetic(name, key string, v bson.RawValue) (func(bson.RawValue) (bson.RawValue, action, error), error) {
	if !value.IsNumber(v) {
		return nil, refused("docdb.update_not_number", "operator", name, "field", key)
	}
	return func(old bson.RawValue) (bson.RawValue, action, error) {
		if old.Type == 0 {
			if name == "$inc" {
				return v, put, nil
			}
			zero, _ := value.Multiply(v, value.Int32(0))
			return zero, put, nil
		}
		if !value.IsNumber(old) {
			return v, keep, refused("docdb.update_not_number", "operator", name, "field", key)
		}
		combine := value.Add
		if name == "$mul" {
			combine = value.Multiply
		}
		result, ok := combine(old, v)
		if !ok {
			return v, keep, refused("docdb.update_overflow", "field", key)
		}
		return result, put, nil
	}, nil
}

func extreme(highest bool, v bson.RawValue) func(bson.RawValue) (bson.RawValue, action, error) {
	return func(old bson.RawValue) (bson.RawValue, action, error) {
		c := value.Compare(v, old)
		if old.Type == 0 || c != 0 && c > 0 == highest {
			return v, put, nil
		}
		return old, keep, nil
	}
}

func currentDate(v bson.RawValue, now time.Time) (func(bson.RawValue) (bson.RawValue, action, error), error) {
	date := value.Date(now.UnixMilli())
	if doc, ok := value.AsDocument(v); ok {
		kind, _ := value.Text(value.Get(doc, value.Path{"$type"}))
		switch string(kind) {
		case "timestamp":
			date = bson.RawValue{Type: bson.TypeTimestamp, Value: bsoncore.AppendTimestamp(nil, uint32(now.Unix()), 1)}
		case "date":
		default:
			return nil, models.E(models.CodeOperator, "docdb.update_current_date")
		}
	} else if v.Type != bson.TypeBoolean {
		return nil, models.E(models.CodeOperator, "docdb.update_current_date")
	}
	return func(bson.RawValue) (bson.RawValue, action, error) { return date, put, nil }, nil
}

// bitwise is $bit: {and|or|xor: integer}, one or more.
func bitwise(key string, v bson.RawValue) (func(bson.RawValue) (bson.RawValue, action, error), error) {
	doc, _ := value.AsDocument(v)
	type step struct {
		name string
		n    bson.RawValue
	}
	var steps []step
	it := value.Iterate(doc)
	for it.Next() {
		name := string(it.Key())
		whole := it.Value().Type == bson.TypeInt32 || it.Value().Type == bson.TypeInt64
		if !whole || name != "and" && name != "or" && name != "xor" {
			return nil, refused("docdb.update_bit", "field", key)
		}
		steps = append(steps, step{name, it.Value()})
	}
	if len(steps) == 0 {
		return nil, refused("docdb.update_bit", "field", key)
	}
	return func(old bson.RawValue) (bson.RawValue, action, error) {
		wide := old.Type == bson.TypeInt64
		if old.Type != 0 && old.Type != bson.TypeInt32 && !wide {
			return old, keep, refused("docdb.update_bit", "field", key)
		}
		n, _ := value.Int64(old)
		for _, s := range steps {
			m, _ := value.Int64(s.n)
			wide = wide || s.n.Type == bson.TypeInt64
			switch s.name {
			case "and":
				n &= m
			case "or":
				n |= m
			default:
				n ^= m
			}
		}
		if wide {
			return value.Int64Value(n), put, nil
		}
		return value.Int32(int32(n)), put, nil
	}, nil
}
