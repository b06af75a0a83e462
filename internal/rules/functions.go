package rules

import (
	"maps"
	"slices"
	"strings"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// anyFunction is the key of the rule for functions that have none of their own.
const anyFunction = "*"

// Functions holds the rules for calling the functions of an environment. It is
// immutable and safe for concurrent use.
type Functions struct{ rules map[string]*Rule }

// DefaultFunctions returns the rules of an environment that declares none: who
// has signed in may call everything.
func DefaultFunctions() *Functions {
	signedIn := &node{kind: kindCompare, op: opNotEqual, kids: []*node{{kind: kindRef, root: "auth"}, {kind: kindLiteral, value: value.Null()}}}
	return &Functions{rules: map[string]*Rule{anyFunction: {root: signedIn.keepText()}}}
}

// ParseFunctions reads rules such as {"*": {"invoke": "auth != null"}, "pay":
// {"invoke": false}} from JSON. The key "*" has to be there.
func ParseFunctions(text string) (*Functions, error) {
	members, err := object([]byte(text), "")
	if err != nil {
		return nil, err
	}
	out := &Functions{rules: make(map[string]*Rule, len(members))}
	for _, m := range members {
		if m.key == "" {
			return nil, inKey(m.key, models.E(models.CodeInvalid, "rules.set_name"))
		}
		inner, err := object(m.value, m.key)
		if err != nil {
			return nil, err
		}
		rules, err := rulesOf(Function, inner, m.key)
		if err != nil {
			return nil, err
		}
		if rules[Invoke] == nil {
			return nil, inKey(m.key, models.E(models.CodeInvalid, "rules.set_invoke", "key", m.key))
		}
		out.rules[m.key] = rules[Invoke]
	}
	if out.rules[anyFunction] == nil {
		return nil, inKey(anyFunction, models.E(models.CodeInvalid, "rules.set_any"))
	}
	return out, nil
}

// Rule returns the rule for calling a function: its own, else that of "*".
func (f *Functions) Rule(name string) *Rule {
	if r, ok := f.rules[name]; ok {
		return r
	}
	return f.rules[anyFunction]
}

// String returns the canonical JSON text, "*" first, which ParseFunctions reads
// again.
func (f *Functions) String() string {
	keys := slices.Sorted(maps.Keys(f.rules))
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == anyFunction })
	keys = slices.Insert(keys, 0, anyFunction)
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = quote(key) + ": " + printRules(Function, map[Operation]*Rule{Invoke: f.rules[key]})
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
