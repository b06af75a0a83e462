package rules_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"envshare/internal/rules"
)

// checkPrinted demands that the canonical text of a rule is a rule, and prints as
// itself. It may be longer than a rule may be, by brackets, blanks and escapes.
func checkPrinted(t *testing.T, kind rules.Kind, op rules.Operation, source string) bool {
	t.Helper()
	r, err := rules.Parse(kind, op, source)
	if err != nil {
		if offset, column, ok := rules.Place(err); !ok || offset < 0 || offset > len(source) || column < 1 || column > utf8.RuneCountInString(source)+1 {
			t.Fatalf("%q: %v lies at %d, %d", source, err, offset, column)
		}
		return false
	}
	text := r.String()
	if utf8.RuneCountInString(text) > rules.MaxCharacters {
		return true
	}
	again, err := rules.Parse(kind, op, text)
	if err != nil {
		t.Fatalf("%q prints %q, which is refused: %v", source, text, err)
	}
	if again.String() != text {
		t.Fatalf("%q prints %q, which prints %q", source, text, again)
	}
	if !rules.SameTree(r, again) {
		t.Fatalf("%q and %q are different trees", source, text)
	}
	return true
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"auth != null", "doc._openid == auth.openid", "!(doc.a[0]['b'] in [1, -2.5e3, 'x', `y`]) && now > 1",
		"get(`database.users.${auth.openid}`).role === \"admin\" || request.data.x == undefined",
		"doc.a == `\\`${get(`database.a.${doc.b}`).c}\\n`", "'\\u{1F600}\\x41' == doc.中", "resource.openid == auth.openid",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		checkPrinted(t, rules.Database, rules.Update, source)
		checkPrinted(t, rules.Storage, rules.Read, source)
		checkPrinted(t, rules.Function, rules.Invoke, source)
	})
}

func TestPrintedRulesAreTheSameRules(t *testing.T) {
	g := seeded(t)
	for range caseCount(t) / 4 {
		g.choose()
		source := g.condition(3)
		if strings.Count(source, "get(") > rules.MaxGets || len(source) > rules.MaxCharacters {
			continue
		}
		if !checkPrinted(t, rules.Database, rules.Read, source) {
			t.Fatalf("%s is refused", source)
		}
	}
	// Pieces of rules in any order: most are refused, and none panics.
	pieces := []string{
		"doc.a", "auth.openid", "auth", "==", "!=", "&&", "||", "!", "(", ")", "[", "]", ",", " in ", "'x'", "`y${", "}`", "1", "-2.5", "null", "undefined",
		"true", "get(", "`database.c.${", "'database.c.x'", ".b", "['k']", "[0]", "request.data.z", "now", "\"", "\\", "`", "${", "}", "中", "\n", "é",
	}
	accepted := 0
	for range caseCount(t) {
		var b strings.Builder
		for range 1 + g.IntN(9) {
			b.WriteString(pick(g, pieces...))
		}
		if checkPrinted(t, rules.Database, rules.Update, b.String()) {
			accepted++
		}
	}
	if accepted < caseCount(t)/1000 {
		t.Errorf("only %d of %d were rules", accepted, caseCount(t))
	}
}

// TestParsingIsQuick parses inputs of 1,024 characters that are as bad as can be:
// each takes less than a millisecond.
func TestParsingIsQuick(t *testing.T) {
	fill := func(piece string) string {
		n := rules.MaxCharacters / utf8.RuneCountInString(piece)
		return strings.Repeat(piece, n)
	}
	inputs := []string{
		fill("("), fill("!"), fill("["), fill("`${"), fill("get(`database.a.${"), fill("doc.a == 1 && "), fill("doc.a&&"), fill("a."), fill("中"), fill(" "),
		fill("`"), fill("'"), fill("'\\"), fill("\\u{"), fill("1e"), fill("${"), fill("}"), fill("doc.a in ["), fill("`${'`${'"), fill("\x00"),
		"doc.a in [" + strings.Repeat("1,", 500) + "1]", "doc.a == '" + strings.Repeat("\\n", 500) + "'", strings.Repeat("`${", 38) + "'" + strings.Repeat("x", 800) + "'" + strings.Repeat("}`", 38) + "==''",
		"doc.a == " + strings.Repeat("`x${", 38) + strings.Repeat("`y${1}`", 1) + strings.Repeat("}`", 38), "doc.a == `" + strings.Repeat("${1}", 250) + "`",
		strings.Repeat("doc.a == 1 || (", 30) + "true" + strings.Repeat(")", 30),
	}
	for _, source := range inputs {
		best := time.Hour
		for range 30 { // the machine may be busy: the quickest round tells what the work is
			began := time.Now()
			_, _ = rules.Parse(rules.Database, rules.Update, source)
			best = min(best, time.Since(began))
		}
		t.Logf("%8v %.40q", best, source)
		if best > time.Millisecond*raceFactor {
			t.Errorf("%.40q… takes %v", source, best)
		}
	}
}
