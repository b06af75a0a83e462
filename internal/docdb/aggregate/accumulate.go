package aggregate

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/value"
)

// accumulator gathers one value of each document of a group. add says how many
// bytes more it holds on to; what it keeps it copies.
type accumulator interface {
	add(v bson.RawValue) (kept int, err error)
	result() bson.RawValue
}

// accumulators make one of each kind.
var accumulators = map[string]func() accumulator{
	"$sum": func() accumulator { return &summing{} }, "$avg": func() accumulator { return &averaging{} },
	"$count": func() accumulator { return &summing{ones: true} },
	"$first": func() accumulator { return &keeping{first: true} }, "$last": func() accumulator { return &keeping{} },
	"$min": func() accumulator { return &extreme{sign: -1} }, "$max": func() accumulator { return &extreme{sign: 1} },
	"$push": func() accumulator { return &pushing{} }, "$addToSet": func() accumulator { return &pushing{seen: map[string]bool{}} },
	"$stdDevPop": func() accumulator { return &deviating{} }, "$stdDevSamp": func() accumulator { return &deviating{less: 1} },
	"$mergeObjects": func() accumulator { return &merging{at: map[string]int{}} },
}

// summing adds whole numbers exactly while a long holds them.
type summing struct {
	ones, wide, float bool
	whole             int64
	rest              float64
}

func (s *summing) add(v bson.RawValue) (int, error) {
	if s.ones {
		v = bson.RawValue{Type: bson.TypeInt32, Value: []byte{1, 0, 0, 0}}
	}
	switch v.Type {
	case bson.TypeInt32, bson.TypeInt64:
		n, _ := value.Int64(v)
		s.wide = s.wide || v.Type == bson.TypeInt64
		sum := s.whole + n
		if n != 0 && (sum > s.whole) != (n > 0) {
			s.float = true
			s.rest += float64(s.whole)
			sum = n
		}
		s.whole = sum
	case bson.TypeDouble, bson.TypeDecimal128:
		f, _ := value.Float(v)
		s.rest += f
		s.float = true
	}
	return 0, nil
}

func (s *summing) result() bson.RawValue {
	switch {
	case s.float:
		return value.Double(s.rest + float64(s.whole))
	case s.wide || s.whole > math.MaxInt32 || s.whole < math.MinInt32:
		return value.Int64Value(s.whole)
	}
	return value.Int32(int32(s.whole))
}

type averaging struct {
	sum float64
	n   int
}

func (a *averaging) add(v bson.RawValue) (int, error) {
	if f, ok := value.Float(v); ok {
		a.sum += f
		a.n++
	}
	return 0, nil
}

func (a *averaging) result() bson.RawValue {
	if a.n == 0 {
		return value.Null()
	}
	return value.Double(a.sum / float64(a.n))
}

func clone(v bson.RawValue) bson.RawValue {
	return bson.RawValue{Type: v.Type, Value: slices.Clone(v.Value)}
}

// keeping is $first or $last.
type keeping struct {
	first, some bool
	v           bson.RawValue
}

func (k *keeping) add(v bson.RawValue) (int, error) {
	if k.first && k.some {
		return 0, nil
	}
	before := len(k.v.Value)
	k.some, k.v = true, clone(v)
	return len(v.Value) - before, nil
}

func (k *keeping) result() bson.RawValue {
	if k.v.Type == 0 {
		return value.Null()
	}
	return k.v
}

// extreme is $min or $max; null and missing do not count.
type extreme struct {
	sign int
	v    bson.RawValue
}

func (e *extreme) add(v bson.RawValue) (int, error) {
	switch v.Type {
	case 0, bson.TypeNull, bson.TypeUndefined:
		return 0, nil
	}
	if e.v.Type != 0 && e.sign*value.Compare(v, e.v) <= 0 {
		return 0, nil
	}
	before := len(e.v.Value)
	e.v = clone(v)
	return len(v.Value) - before, nil
}

func (e *extreme) result() bson.RawValue {
	if e.v.Type == 0 {
		return value.Null()
	}
	return e.v
}

// pushing is $push, or $addToSet when it has seen values.
type pushing struct {
	list []byte
	n    int
	seen map[string]bool
}

func (p *pushing) add(v bson.RawValue) (int, error) {
	if v.Type == 0 {
		return 0, nil
	}
	kept := len(v.Value) + 8
	if p.seen != nil {
		key := value.AppendKey(nil, v, false)
		if p.seen[string(key)] {
			return 0, nil
		}
		p.seen[string(key)] = true
		kept += len(key) + 32
	}
	p.list = appendMember(p.list, indexKey(p.n), v)
	p.n++
	return kept, nil
}

func (p *pushing) result() bson.RawValue { return value.Array(bsoncore.BuildDocument(nil, p.list)) }

type deviating struct {
	numbers []float64
	less    int
}

func (d *deviating) add(v bson.RawValue) (int, error) {
	f, ok := value.Float(v)
	if !ok {
		return 0, nil
	}
	d.numbers = append(d.numbers, f)
	return 8, nil
}

func (d *deviating) result() bson.RawValue { return expr.Deviation(d.numbers, d.less) }

// merging is $mergeObjects: a later member takes the place of an earlier one.
type merging struct {
	keys   []string
	values []bson.RawValue
	at     map[string]int
}

func (m *merging) add(v bson.RawValue) (int, error) {
	if v.Type == 0 || v.Type == bson.TypeNull {
		return 0, nil
	}
	doc, ok := value.AsDocument(v)
	if !ok {
		return 0, misuse("$mergeObjects")
	}
	kept := 0
	err := value.Elements(doc, func(key string, v bson.RawValue) bool {
		i, known := m.at[key]
		if !known {
			i = len(m.keys)
			m.at[key] = i
			m.keys, m.values = append(m.keys, key), append(m.values, v)
			kept += 2*len(key) + 64
		}
		kept += len(v.Value)
		m.values[i] = clone(v)
		return true
	})
	return kept, err
}

func (m *merging) result() bson.RawValue {
	var dst []byte
	for i, key := range m.keys {
		dst = appendMember(dst, key, m.values[i])
	}
	return value.Document(bsoncore.BuildDocument(nil, dst))
}
