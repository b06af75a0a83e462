package aggregate

import (
	"math/rand/v2"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
)

func random(n int64) int64 { return rand.Int64N(n) }

// Sorter orders documents; documents that the order does not tell apart stay as
// they came.
type Sorter struct {
	order []query.Sort
	top   int
	keep  func(bytes int) error
	rows  []sorted
}

type sorted struct {
	doc  bson.Raw
	keys []bson.RawValue
}

// NewSorter makes a sorter that gives all documents, or only the first top. keep
// is asked for the bytes that it holds on to, and told by negative ones what it let
// go of.
func NewSorter(order []query.Sort, top int, keep func(bytes int) error) *Sorter {
	return &Sorter{order: order, top: top, keep: keep}
}

// Add takes a document and copies what it needs.
func (s *Sorter) Add(doc bson.Raw) error {
	if s.top > 0 && len(s.rows) >= 2*s.top+64 {
		s.cut()
	}
	row := sorted{doc: slices.Clone(doc), keys: make([]bson.RawValue, len(s.order))}
	for i, o := range s.order {
		row.keys[i] = value.SortValue(row.doc, o.Path, o.Descending)
	}
	s.rows = append(s.rows, row)
	return s.keep(row.bytes())
}

// bytes is what a row takes in memory: what Add counts, cut gives back.
func (r sorted) bytes() int { return len(r.doc) + 40*len(r.keys) + 64 }

func (s *Sorter) compare(a, b sorted) int {
	for i, o := range s.order {
		c := value.Compare(a.keys[i], b.keys[i])
		if o.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// cut drops what cannot be among the first any more and gives its bytes back.
func (s *Sorter) cut() {
	slices.SortStableFunc(s.rows, s.compare)
	for _, row := range s.rows[s.top:] {
		_ = s.keep(-row.bytes())
	}
	clear(s.rows[s.top:])
	s.rows = s.rows[:s.top]
}

// Sorted returns the documents in order.
func (s *Sorter) Sorted() []bson.Raw {
	slices.SortStableFunc(s.rows, s.compare)
	if s.top > 0 && len(s.rows) > s.top {
		s.rows = s.rows[:s.top]
	}
	out := make([]bson.Raw, len(s.rows))
	for i, row := range s.rows {
		out[i] = row.doc
	}
	return out
}
