package aggregate

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
)

// collections is a source in memory: every name has the same documents.
type collections []bson.Raw

func (c collections) Scan(ctx context.Context, _ string, f *query.Filter, order []query.Sort, limit int, visit func(doc bson.Raw) (bool, error)) error {
	docs := slices.Clone(c)
	if len(order) > 0 {
		slices.SortStableFunc(docs, func(a, b bson.Raw) int { return cmp.Compare(query.Less(order, a, b), 0) })
	}
	for _, doc := range docs {
		ok, err := f.MatchContext(ctx, doc)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if more, err := visit(slices.Clone(doc)); err != nil || !more {
			return err
		}
		if limit--; limit == 0 {
			return nil
		}
	}
	return ctx.Err()
}

func (c collections) GeoPath(context.Context, string) (string, bool, error) { return "loc", true, nil }

func doc(t testing.TB, text string) bson.Raw {
	t.Helper()
	raw, err := ejson.DecodeDocument([]byte(text), time.UnixMilli(0), ejson.Limits{})
	if err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return raw
}

// stages reads a pipeline written as an array of stages.
func stages(t testing.TB, text string) []Stage {
	t.Helper()
	out, err := stagesOf(value.Get(doc(t, `{"p":`+text+`}`), value.Path{"p"}), "$facet")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// results runs a pipeline and returns what comes out as texts.
func results(t testing.TB, src Source, o Options, pipeline string) ([]string, error) {
	t.Helper()
	var out []string
	o.Collection, o.Now = "docs", time.UnixMilli(0)
	err := Run(t.Context(), src, stages(t, pipeline), o, func(doc bson.Raw) error {
		if err := doc.Validate(); err != nil {
			t.Errorf("%s gives the malformed %q: %v", pipeline, []byte(doc), err)
		}
		out = append(out, string(ejson.AppendDocument(nil, doc)))
		return nil
	})
	return out, err
}
