package rules_test

import (
	"encoding/json"
	"testing"
	"time"

	"envshare/internal/rules"
)

// What a check costs on the way of a call: aim under 10 microseconds.

func benchInput(b *testing.B) rules.Input {
	return rules.Input{
		Auth: &rules.Auth{OpenID: "o1", Custom: raw(b, json.RawMessage(`{"shops": ["s1", "s2", "s3"], "level": 3}`))},
		Doc:  raw(b, json.RawMessage(`{"_id": "x", "_openid": "o1", "shop": "s2", "level": 2, "state": "open", "tags": ["a", "b", "c"]}`)),
		Now:  time.Now(),
	}
}

const benchRule = "auth != null && (doc._openid == auth.openid || doc.shop in auth.custom.shops) && doc.level <= auth.custom.level && !(doc.state in ['draft', 'hidden'])"

func BenchmarkEvaluate(b *testing.B) {
	benchmark(b, "doc._openid == auth.openid", func(r *rules.Rule, in rules.Input) (rules.Verdict, error) { return r.Evaluate(b.Context(), in) })
}

func BenchmarkEvaluateLong(b *testing.B) {
	benchmark(b, benchRule, func(r *rules.Rule, in rules.Input) (rules.Verdict, error) { return r.Evaluate(b.Context(), in) })
}

func BenchmarkImplies(b *testing.B) {
	filter := raw(b, json.RawMessage(`{"_openid": "o1", "done": false}`))
	benchmark(b, "doc._openid == auth.openid", func(r *rules.Rule, in rules.Input) (rules.Verdict, error) { return r.Implies(b.Context(), filter, in) })
}

func BenchmarkImpliesLong(b *testing.B) {
	filter := raw(b, json.RawMessage(`{"shop": {"$in": ["s1", "s3"]}, "level": {"$lte": 2}, "state": {"$nin": ["draft", "hidden"]}}`))
	benchmark(b, benchRule, func(r *rules.Rule, in rules.Input) (rules.Verdict, error) { return r.Implies(b.Context(), filter, in) })
}

func BenchmarkImpliesEither(b *testing.B) {
	filter := raw(b, json.RawMessage(`{"_openid": "o1", "state": "open"}`))
	benchmark(b, "doc._openid == auth.openid && doc.state in ['open', 'done'] || doc.public == true", func(r *rules.Rule, in rules.Input) (rules.Verdict, error) {
		return r.Implies(b.Context(), filter, in)
	})
}

func BenchmarkNarrow(b *testing.B) {
	filter := raw(b, json.RawMessage(`{"_openid": "o1", "state": "open"}`))
	benchmark(b, "doc._openid == auth.openid && doc.state != 'draft'", func(r *rules.Rule, in rules.Input) (rules.Verdict, error) {
		v, _, err := r.Narrow(b.Context(), filter, in)
		return v, err
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := rules.Parse(rules.Database, rules.Read, benchRule); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmark(b *testing.B, source string, decide func(*rules.Rule, rules.Input) (rules.Verdict, error)) {
	b.Helper()
	r, err := rules.Parse(rules.Database, rules.Read, source)
	if err != nil {
		b.Fatal(err)
	}
	in := benchInput(b)
	b.ReportAllocs()
	for b.Loop() {
		if v, err := decide(r, in); err != nil || !v.Allowed {
			b.Fatalf("%v, %v", v, err)
		}
	}
}
