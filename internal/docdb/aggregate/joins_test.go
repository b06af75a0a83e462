package aggregate

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Joins tells before a pipeline runs is what Run asks for while it does.
func TestJoinsAreWhatIsAskedFor(t *testing.T) {
	src := collections{doc(t, `{"_id":1,"k":1}`)}
	for text, want := range map[string][]string{
		`[]`:                           nil,
		`[{"$match":{"from":"b"}}]`:    nil,
		`[{"$group":{"_id":"$coll"}}]`: nil,
		`[{"$lookup":{"from":"b","localField":"k","foreignField":"k","as":"j"}}]`:                                             {"b"},
		`[{"$lookup":{"from":"b","pipeline":[{"$lookup":{"from":"c","pipeline":[],"as":"j"}},{"$unionWith":"b"}],"as":"j"}}]`: {"b", "c"},
		`[{"$unionWith":"d"}]`: {"d"},
		`[{"$unionWith":{"coll":"d","pipeline":[{"$lookup":{"from":"c","pipeline":[],"as":"j"}}]}}]`:                                              {"c", "d"},
		`[{"$facet":{"x":[{"$lookup":{"from":"b","pipeline":[],"as":"j"}}],"y":[{"$lookup":{"from":"c","pipeline":[],"as":"j"}}]}},{"$limit":1}]`: {"b", "c"},
	} {
		if diff := cmp.Diff(want, Joins(stages(t, text))); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		var asked []string
		if _, err := results(t, src, Options{Joined: func(name string) error { asked = append(asked, name); return nil }}, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		slices.Sort(asked)
		if diff := cmp.Diff(want, slices.Compact(asked)); diff != "" {
			t.Errorf("%s asks: %s", text, diff)
		}
	}
	// Whatever is no pipeline joins nothing, and ends.
	for _, text := range []string{`[{"$lookup":1}]`, `[{"$facet":[]}]`, `[{"$facet":{"x":1}}]`, `[{"$unionWith":{"coll":1}}]`, `[{"$lookup":{"from":1,"pipeline":{}}}]`} {
		if names := Joins(stages(t, text)); len(names) > 0 {
			t.Errorf("%s: %v", text, names)
		}
	}
}
