package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/query"
	"envshare/internal/rules"
	"envshare/models"
)

// testCase is one case of the files in testdata; not every file uses every field.
type testCase struct {
	Name, Kind, Op, Rule, Prints, Error, Part, Resource string
	Column                                              int
	Visitor                                             bool
	Custom, Doc, Data, Query                            json.RawMessage
	Want                                                any
}

func cases(t *testing.T, file string) []testCase {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var list []testCase
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (c testCase) parse() (*rules.Rule, error) {
	kind := map[string]rules.Kind{"": rules.Database, "function": rules.Function, "storage": rules.Storage}[c.Kind]
	op := rules.Operation(c.Op)
	if op == "" {
		op = rules.Read
	}
	return rules.Parse(kind, op, c.Rule)
}

func (c testCase) input(t *testing.T) rules.Input {
	t.Helper()
	in := rules.Input{
		Auth: &rules.Auth{OpenID: "o1", UnionID: "u1", LoginType: "WECHAT_PUBLIC", AppID: "wx1", Custom: raw(t, c.Custom)},
		Doc:  raw(t, c.Doc), Data: raw(t, c.Data), Now: time.UnixMilli(1_800_000_000_000), Lookup: shelf(t),
	}
	if c.Visitor {
		in.Auth = nil
	}
	if c.Kind == "storage" {
		in.Resource = &rules.Resource{OpenID: c.Resource}
	}
	return in
}

func raw(t testing.TB, text json.RawMessage) bson.Raw {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	var out bson.Raw
	if err := bson.UnmarshalExtJSON(text, false, &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

// books is a lookup in memory that counts.
type books struct {
	docs map[string]bson.Raw
	read []string
	err  error
}

func (b *books) Get(_ context.Context, collection, id string) (bson.Raw, bool, error) {
	b.read = append(b.read, collection+"/"+id)
	doc, ok := b.docs[collection+"/"+id]
	return doc, ok, b.err
}

func shelf(t testing.TB) *books {
	return &books{docs: map[string]bson.Raw{
		"users/o1": raw(t, json.RawMessage(`{"role": "admin", "room": "r1"}`)),
		"rooms/r1": raw(t, json.RawMessage(`{"owner": "o1", "members": ["o1", "o2"]}`)),
		"rooms/r2": raw(t, json.RawMessage(`{"owner": "o2", "members": []}`)),
		"rooms/7":  raw(t, json.RawMessage(`{"owner": "o9"}`)),
	}}
}

func TestParse(t *testing.T) {
	for _, c := range cases(t, "parse.json") {
		t.Run(c.Rule, func(t *testing.T) {
			r, err := c.parse()
			if c.Error == "" {
				if err != nil {
					t.Fatal(err)
				}
				if r.String() != c.Prints {
					t.Errorf("prints %s, want %s", r, c.Prints)
				}
				return
			}
			var e *models.Error
			if !errors.As(err, &e) || e.Code != models.CodeInvalid || e.Msg.Key != c.Error {
				t.Fatalf("error %v, want %s", err, c.Error)
			}
			offset, column, ok := rules.Place(err)
			if want := len(string([]rune(c.Rule)[:min(c.Column-1, len([]rune(c.Rule)))])); !ok || column != c.Column || offset != want {
				t.Errorf("column %d, offset %d, want %d, %d", column, offset, c.Column, want)
			}
		})
	}
}

func TestEvaluate(t *testing.T) {
	for _, c := range cases(t, "evaluate.json") {
		t.Run(c.Name, func(t *testing.T) {
			r, err := c.parse()
			if err != nil {
				t.Fatal(err)
			}
			in := c.input(t)
			in.Explain = true
			v, err := r.Evaluate(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if v.Allowed != c.Want {
				t.Errorf("%s: %v, want %v", c.Rule, v.Allowed, c.Want)
			}
			if c.Part != "" && v.Part != c.Part {
				t.Errorf("%s decided, want %s", v.Part, c.Part)
			}
			if v.Allowed != (v.Reason.Key == "") || len(v.Trace) == 0 {
				t.Errorf("reason %q, trace %v", v.Reason.Key, v.Trace)
			}
		})
	}
}

func TestImplies(t *testing.T) {
	for _, c := range cases(t, "implies.json") {
		t.Run(c.Name, func(t *testing.T) {
			r, err := c.parse()
			if err != nil {
				t.Fatal(err)
			}
			filter, in := raw(t, c.Query), c.input(t)
			if _, err := query.Parse(filter); err != nil {
				t.Fatalf("the database refuses the query: %v", err)
			}
			v, err := r.Implies(t.Context(), filter, in)
			if err != nil {
				t.Fatal(err)
			}
			narrow, narrowed, err := r.Narrow(t.Context(), filter, in)
			if err != nil {
				t.Fatal(err)
			}
			got := "no"
			switch {
			case v.Allowed:
				got = "yes"
			case narrow.Allowed:
				got = "narrowed"
			}
			if got != c.Want {
				t.Errorf("%s for %s: %s, want %s (%v)", c.Query, r, got, c.Want, v.Reason)
			}
			if c.Part != "" && v.Part != c.Part {
				t.Errorf("%s decided, want %s", v.Part, c.Part)
			}
			if got == "yes" && string(narrowed) != string(filter) {
				t.Errorf("a query that implies the rule was changed: %s", narrowed)
			}
			if got == "no" && (v.Reason.Key == "" || narrowed != nil && narrow.Allowed) {
				t.Errorf("refused without a reason, or narrowed: %s", narrowed)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	long := "doc.a == '" + strings.Repeat("中", 1024-11) + "'"
	if _, err := rules.Parse(rules.Database, rules.Read, long); err != nil {
		t.Errorf("1024 characters: %v", err)
	}
	for source, key := range map[string]string{
		long + " ":                                 "rules.long",
		strings.Repeat("(", 500) + "1":             "rules.deep",
		strings.Repeat("!", 500) + "doc.a":         "rules.deep",
		"doc.a == " + strings.Repeat("[", 500):     "rules.deep",
		"doc" + strings.Repeat(".a", 40) + " == 1": "rules.deep",
		"doc.a == " + strings.Repeat("`${", 200) + "1" + strings.Repeat("}`", 200): "rules.deep",
		strings.Repeat("get(`database.a.${", 45) + "1" + strings.Repeat("}`)", 45): "rules.deep",
		"doc.a == '\xff'": "rules.encoding",
	} {
		_, err := rules.Parse(rules.Database, rules.Read, source)
		var e *models.Error
		if !errors.As(err, &e) || e.Msg.Key != key {
			t.Errorf("%.40s: %v, want %s", source, err, key)
		}
	}
}
