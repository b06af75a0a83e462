package aggregate

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// Joins returns the collections that a pipeline may read besides its own, also in
// pipelines inside of it, each once. It knows no more of stages than that: Run
// decides whether they are right.
func Joins(stages []Stage) []string {
	var names []string
	join(&names, stages, maxNesting)
	slices.Sort(names)
	return slices.Compact(names)
}

func join(names *[]string, stages []Stage, depth int) {
	if depth < 0 {
		return // Run refuses it
	}
	note := func(v bson.RawValue) {
		if name, ok := value.Text(v); ok {
			*names = append(*names, string(name))
		}
	}
	below := func(v bson.RawValue) {
		inner, _ := stagesOf(v, "") // what is no pipeline is refused by Run
		join(names, inner, depth-1)
	}
	for _, s := range stages {
		doc, _ := value.AsDocument(s.Value)
		switch s.Name {
		case "$lookup":
			note(value.Get(doc, value.Path{"from"}))
			below(value.Get(doc, value.Path{"pipeline"}))
		case "$unionWith":
			note(s.Value)
			note(value.Get(doc, value.Path{"coll"}))
			below(value.Get(doc, value.Path{"pipeline"}))
		case "$facet":
			it := value.Iterate(doc)
			for it.Next() {
				below(it.Value())
			}
		}
	}
}
