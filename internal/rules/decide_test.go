package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/rules"
	"envshare/models"
)

func mustParse(t *testing.T, source string) *rules.Rule {
	t.Helper()
	r, err := rules.Parse(rules.Database, rules.Read, source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return r
}

func TestNeedsDoc(t *testing.T) {
	for source, want := range map[string]bool{
		"true": false, "auth != null": false, "get('database.a.b').c == 1": false, "auth.openid in ['a', 'b']": false,
		"doc.a": true, "auth != null && !(doc.a == 1)": true, "get(`database.a.${doc.x}`).c == 1": true, "auth.openid in [doc.a]": true, "1 in doc.a": true,
	} {
		if got := mustParse(t, source).NeedsDoc(); got != want {
			t.Errorf("%s: %v", source, got)
		}
	}
}

func TestSettle(t *testing.T) {
	admin := &rules.Auth{OpenID: "o1", Custom: raw(t, json.RawMessage(`{"admin": true}`))}
	for _, test := range []struct {
		source           string
		auth             *rules.Auth
		settled, allowed bool
	}{
		{"auth != null", admin, true, true},
		{"auth.custom.admin || doc._openid == auth.openid", admin, true, true},
		{"auth.custom.admin || doc._openid == auth.openid", &rules.Auth{OpenID: "o1"}, false, false},
		{"auth.custom.admin || doc._openid == auth.openid", nil, true, false},
		{"auth != null && doc.a == 1", nil, true, false},
		{"auth != null && doc.a == 1", admin, false, false},
		{"get(`database.rooms.${doc.room}`).owner == 'o1'", admin, false, false},
	} {
		v, settled, err := mustParse(t, test.source).Settle(t.Context(), rules.Input{Auth: test.auth, Lookup: shelf(t)})
		if err != nil || settled != test.settled || v.Allowed != test.allowed {
			t.Errorf("%s: %v, %v, %v", test.source, v, settled, err)
		}
		if settled && v.Part == "" || settled && !v.Allowed && v.Reason.Key == "" {
			t.Errorf("%s: nothing decided: %v", test.source, v)
		}
	}
}

func TestEachDocumentIsReadOnce(t *testing.T) {
	shelf := shelf(t)
	r := mustParse(t, "get(`database.rooms.${doc.room}`).owner == 'x' || get('database.rooms.r1').owner == 'y' || get(`database.rooms.${doc.room}`).owner == auth.openid")
	in := rules.Input{Auth: &rules.Auth{OpenID: "o1"}, Doc: raw(t, json.RawMessage(`{"room": "r1"}`)), Lookup: shelf}
	if v, err := r.Evaluate(t.Context(), in); err != nil || !v.Allowed {
		t.Fatalf("%v, %v", v, err)
	}
	if diff := cmp.Diff([]string{"rooms/r1"}, shelf.read); diff != "" {
		t.Error(diff)
	}
	shelf.read = nil
	if _, narrowed, err := mustParse(t, "get(`database.rooms.${doc.room}`).owner != 'x'").Narrow(t.Context(), raw(t, json.RawMessage(`{"room": "r1"}`)), in); err != nil || narrowed == nil {
		t.Fatalf("%s, %v", narrowed, err)
	}
	if diff := cmp.Diff([]string{"rooms/r1"}, shelf.read); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsReadThatDoesNotMatter(t *testing.T) {
	shelf := shelf(t)
	r := mustParse(t, "auth != null && get('database.rooms.r1').owner == auth.openid")
	if v, err := r.Evaluate(t.Context(), rules.Input{Lookup: shelf}); err != nil || v.Allowed {
		t.Fatalf("%v, %v", v, err)
	}
	if v, err := r.Implies(t.Context(), nil, rules.Input{Lookup: shelf}); err != nil || v.Allowed {
		t.Fatalf("%v, %v", v, err)
	}
	if len(shelf.read) > 0 {
		t.Errorf("read %v", shelf.read)
	}
}

func TestTooManyDocumentsRefuse(t *testing.T) {
	list := func(n int) bson.Raw {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("%q", fmt.Sprint("r", i+100))
		}
		return raw(t, json.RawMessage(`{"rooms": [`+strings.Join(ids, ",")+`]}`))
	}
	for _, source := range []string{"get(`database.rooms.${doc.rooms}`).owner == 'x'", "get(`database.rooms.${doc.rooms}`).owner != 'x'"} {
		r := mustParse(t, source)
		// The array itself has no text, and so names no document.
		if _, err := r.Evaluate(t.Context(), rules.Input{Doc: list(rules.MaxDocuments), Lookup: shelf(t)}); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		v, err := r.Evaluate(t.Context(), rules.Input{Doc: list(rules.MaxDocuments + 1), Lookup: shelf(t)})
		if models.CodeOf(err) != models.CodeLimited || v.Allowed {
			t.Errorf("%s: %v, %v", source, v, err)
		}
	}
}

func TestTooManyComparisonsRefuse(t *testing.T) {
	list := make(bson.A, 1000)
	for i := range list {
		list[i] = i
	}
	in := rules.Input{Doc: marshal(t, bson.D{{Key: "a", Value: list}, {Key: "b", Value: bson.A{"x"}}, {Key: "c", Value: bson.A{-1}}})}
	for source, limited := range map[string]bool{
		"doc.a == doc.b": false, "doc.a == doc.c": false, "doc.b in doc.a": false, "!(doc.a < doc.a && doc.b == 1)": false, "doc.a > 2000 || doc.a[0] == -1": false,
		"doc.b == `${doc.a}-${doc.a}`": true, "doc.b == `${doc.a}${doc.c}`": false, "doc.b != `${doc.a}-${doc.a}`": true,
	} {
		v, err := mustParse(t, source).Evaluate(t.Context(), in)
		if (models.CodeOf(err) == models.CodeLimited) != limited || err != nil && v.Allowed {
			t.Errorf("%s: %v, %v", source, v, err)
		}
	}
	in.Auth = &rules.Auth{Custom: marshal(t, bson.D{{Key: "list", Value: slices.Repeat(bson.A{"y"}, 1000)}})}
	if _, err := mustParse(t, "!(doc.a in auth.custom.list)").Evaluate(t.Context(), in); models.CodeOf(err) != models.CodeLimited {
		t.Errorf("a million comparisons: %v", err)
	}
}

func TestALookupThatFailsRefuses(t *testing.T) {
	broken := &books{err: errors.New("disk")}
	for _, source := range []string{"get('database.a.b') == null", "!(get('database.a.b').c == 1)", "get('database.a.b') == null || true"} {
		in := rules.Input{Lookup: broken}
		if v, err := mustParse(t, source).Evaluate(t.Context(), in); !errors.Is(err, broken.err) || v.Allowed {
			t.Errorf("%s: %v, %v", source, v, err)
		}
		if v, err := mustParse(t, source).Implies(t.Context(), nil, in); !errors.Is(err, broken.err) || v.Allowed {
			t.Errorf("%s: %v, %v", source, v, err)
		}
		if v, _, err := mustParse(t, source).Narrow(t.Context(), nil, in); !errors.Is(err, broken.err) || v.Allowed {
			t.Errorf("%s: %v, %v", source, v, err)
		}
	}
}

func TestTraceShowsTheParts(t *testing.T) {
	r := mustParse(t, "auth != null && (doc.a == auth.custom.n || get('database.rooms.r1').owner == 'x')")
	in := rules.Input{Auth: &rules.Auth{Custom: raw(t, json.RawMessage(`{"n": 2}`))}, Doc: raw(t, json.RawMessage(`{"a": 3}`)), Lookup: shelf(t), Explain: true}
	v, err := r.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"auth = true", "auth != null = true", "doc.a = 3", "auth.custom.n = 2", "doc.a == auth.custom.n = false",
		"get('database.rooms.r1').owner = o1", "get('database.rooms.r1').owner == 'x' = false"}
	if diff := cmp.Diff(want, steps(v)); diff != "" {
		t.Error(diff)
	}
	if v.Part != "doc.a == auth.custom.n || get('database.rooms.r1').owner == 'x'" || v.Reason.Args["part"] != v.Part {
		t.Errorf("%q decided: %v", v.Part, v.Reason)
	}
	in.Explain = false
	if v, _ := r.Evaluate(t.Context(), in); v.Trace != nil {
		t.Errorf("a trace nobody asked for: %v", v.Trace)
	}
}

func TestTraceOfAQueryShowsTheParts(t *testing.T) {
	r := mustParse(t, "auth != null && doc._openid == auth.openid && doc.state != 'draft'")
	in := rules.Input{Auth: &rules.Auth{OpenID: "o1"}, Explain: true}
	v, err := r.Implies(t.Context(), raw(t, json.RawMessage(`{"_openid": "o1", "state": {"$gt": "a"}}`)), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"auth = true", "auth != null = true", "auth.openid = o1", "doc._openid == auth.openid = true", "doc.state != 'draft' = false"}
	if diff := cmp.Diff(want, steps(v)); diff != "" {
		t.Error(diff)
	}
	if v.Part != "doc.state != 'draft'" || v.Reason.Key != "rules.not_implied" {
		t.Errorf("%q decided: %v", v.Part, v.Reason)
	}
}

func steps(v rules.Verdict) []string {
	var out []string
	for _, s := range v.Trace {
		var value any = "undefined"
		if s.Value.Type != 0 {
			_ = s.Value.Unmarshal(&value)
		}
		out = append(out, fmt.Sprintf("%s = %v", s.Part, value))
	}
	return out
}

// TestProofsAreBounded asks what would take exponential time and gets a quick no.
func TestProofsAreBounded(t *testing.T) {
	var choices, many []string
	for i := range 200 {
		choices = append(choices, fmt.Sprintf(`{"$or": [{"a%d": 1}, {"b%d": 1}]}`, i, i))
	}
	for i := range 20_000 {
		many = append(many, fmt.Sprintf(`{"a%d": %d}`, i, i))
	}
	long := make([]string, 100_000)
	for i := range long {
		long[i] = fmt.Sprint(i * 2)
	}
	rule := strings.TrimSuffix(strings.Repeat("doc.a > 1 && (doc.b == 2 || doc.c == 3) && ", 20), " && ")
	for name, filter := range map[string]string{
		"choices":      `{"$and": [` + strings.Join(choices, ",") + `]}`,
		"alternatives": `{"$or": [` + strings.Join(many, ",") + `]}`,
		"conditions":   `{"$and": [` + strings.Join(many, ",") + `]}`,
		"a long list":  `{"a": {"$in": [` + strings.Join(long, ",") + `]}, "b": {"$nin": [` + strings.Join(long, ",") + `]}}`,
		"depth":        strings.Repeat(`{"$or": [{"a": 1}, `, 60) + `{"b": 1}` + strings.Repeat(`]}`, 60),
		"negations":    strings.Repeat(`{"$nor": [{"a": 1}, `, 60) + `{"b": 1}` + strings.Repeat(`]}`, 60),
	} {
		query := raw(t, json.RawMessage(filter))
		best := time.Hour
		for range 4 { // the machine may be busy
			began := time.Now()
			v, _, err := mustParse(t, rule).Narrow(t.Context(), query, rules.Input{})
			if err != nil || v.Allowed {
				t.Errorf("%s: %v, %v", name, v, err)
			}
			best = min(best, time.Since(began))
		}
		if best > 200*time.Millisecond*raceFactor {
			t.Errorf("%s takes %v", name, best)
		}
	}
	// What the rule does not name does not make it complex.
	apart := `{"$and": [` + strings.Join(choices, ",") + `, {"$or": [{"y": 1}, {"z": 1}]}]}`
	r := mustParse(t, "doc.y == 1 || doc.z == 1")
	if v, err := r.Implies(t.Context(), raw(t, json.RawMessage(apart)), rules.Input{}); err != nil || !v.Allowed {
		t.Errorf("%v, %v", v, err)
	}
	choices = nil
	for i := range 200 {
		choices = append(choices, fmt.Sprintf(`{"$or": [{"y": %d}, {"z": %d}]}`, i+2, i+2))
	}
	knotted := `{"$and": [` + strings.Join(choices, ",") + `, {"$or": [{"y": 1}, {"z": 1}]}]}`
	if v, err := r.Implies(t.Context(), raw(t, json.RawMessage(knotted)), rules.Input{}); err != nil || v.Allowed || v.Reason.Key != "rules.complex" {
		t.Errorf("%v, %v", v, err)
	}
}

// TestAFieldThatIsThereTwice asks for an object whose field is there twice: a path
// finds the first.
func TestAFieldThatIsThereTwice(t *testing.T) {
	filter := marshal(t, bson.D{{Key: "a", Value: bson.D{{Key: "b", Value: 1}, {Key: "b", Value: 2}}}})
	for source, want := range map[string]bool{"doc.a.b == 1": true, "doc.a.b == 2": false} {
		if v, err := mustParse(t, source).Implies(t.Context(), filter, rules.Input{}); err != nil || v.Allowed != want {
			t.Errorf("%s: %v, %v", source, v, err)
		}
	}
}

func TestMalformedQueriesAreRefused(t *testing.T) {
	r := mustParse(t, "doc.a == 1")
	good := raw(t, json.RawMessage(`{"a": 1}`))
	for i := range good {
		broken := append(bson.Raw(nil), good...)
		broken[i] ^= 0x55
		for _, query := range []bson.Raw{broken, good[:i]} {
			if v, err := r.Implies(t.Context(), query, rules.Input{}); err != nil {
				t.Errorf("%x: %v, %v", query, v, err)
			} else if v.Allowed && len(query) == len(good) && string(query[4:11]) != string(good[4:11]) {
				t.Errorf("%x is said to imply the rule", query)
			}
		}
	}
}
