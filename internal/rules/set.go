package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"envshare/models"
)

// maxSetBytes bounds the JSON text of a set; 1,000 functions fit.
const maxSetBytes = 2 << 20

// operations lists what a kind of set may have a rule for, in the order in which
// they are printed.
var operations = map[Kind][]Operation{
	Database: {Read, Write, Create, Update, Delete},
	Storage:  {Read, Write},
	Function: {Invoke},
}

// Set holds the rules of one collection or of the bucket. It is immutable and safe
// for concurrent use.
type Set struct {
	kind   Kind
	preset models.Preset
	rules  map[Operation]*Rule
}

// ParseSet reads the rules of a collection (Database) or of the bucket (Storage)
// from JSON, such as {"read": true, "write": "doc._openid == auth.openid"}. The
// error of a wrong rule names its key in Fields.
func ParseSet(kind Kind, text string) (*Set, error) {
	set := &Set{kind: kind, preset: models.PresetCustom, rules: map[Operation]*Rule{}}
	members, err := object([]byte(text), "")
	if err != nil {
		return nil, err
	}
	if set.rules, err = rulesOf(kind, members, ""); err != nil {
		return nil, err
	}
	return set, nil
}

// Preset returns which preset the set is, models.PresetCustom for none.
func (s *Set) Preset() models.Preset { return s.preset }

// Rule returns the rule of an operation. Create, update and delete fall back to
// write. It is never nil: an operation without a rule is refused.
func (s *Set) Rule(op Operation) *Rule {
	if r, ok := s.rules[op]; ok {
		return r
	}
	if op == Create || op == Update || op == Delete {
		if r, ok := s.rules[Write]; ok {
			return r
		}
	}
	return &Rule{}
}

// String returns the canonical JSON text, which ParseSet reads again.
func (s *Set) String() string { return printRules(s.kind, s.rules) }

func printRules(kind Kind, rules map[Operation]*Rule) string {
	var parts []string
	for _, op := range operations[kind] {
		r, ok := rules[op]
		if !ok {
			continue
		}
		text := r.String()
		if _, constant := r.constant(); !constant {
			text = quote(text)
		}
		parts = append(parts, quote(string(op))+": "+text)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// quote writes a JSON text. It leaves < > & as they are.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // a string can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// member is a key of a JSON object with its value.
type member struct {
	key   string
	value json.RawMessage
}

// object reads a JSON object and refuses a key that comes twice. The key names
// the object itself in errors, "" for the whole text.
func object(text []byte, key string) ([]member, error) {
	if len(text) > maxSetBytes {
		return nil, models.E(models.CodeInvalid, "rules.set_large", "mb", maxSetBytes>>20)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	malformed := func() error {
		if key == "" {
			return models.E(models.CodeInvalid, "rules.set_json", "offset", int(d.InputOffset()))
		}
		return inKey(key, models.E(models.CodeInvalid, "rules.set_object", "key", key))
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, malformed()
	}
	var members []member
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		m := member{key: name}
		if err != nil || !ok || d.Decode(&m.value) != nil {
			return nil, malformed()
		}
		if seen[name] {
			return nil, inKey(below(key, name), models.E(models.CodeInvalid, "rules.set_twice", "key", name))
		}
		seen[name] = true
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, malformed()
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed()
	}
	return members, nil
}

// below names a key inside of another.
func below(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// rulesOf parses the rules of an object, whose key errors name.
func rulesOf(kind Kind, members []member, key string) (map[Operation]*Rule, error) {
	rules := make(map[Operation]*Rule, len(members))
	for _, m := range members {
		op := Operation(m.key)
		at := below(key, m.key)
		if !slices.Contains(operations[kind], op) {
			return nil, inKey(at, models.E(models.CodeInvalid, "rules.set_key", "key", m.key, "keys", names(kind)))
		}
		r, err := ruleOf(kind, op, m.value)
		if err != nil {
			return nil, inKey(at, err)
		}
		rules[op] = r
	}
	return rules, nil
}

func names(kind Kind) string {
	var list []string
	for _, op := range operations[kind] {
		list = append(list, string(op))
	}
	return strings.Join(list, ", ")
}

// ruleOf reads a boolean or the text of an expression.
func ruleOf(kind Kind, op Operation, raw json.RawMessage) (*Rule, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, models.E(models.CodeInvalid, "rules.set_value")
	}
	switch v := v.(type) {
	case bool:
		return Always(v), nil
	case string:
		return Parse(kind, op, v)
	}
	return nil, models.E(models.CodeInvalid, "rules.set_value")
}

// inKey is the error of a set whose rule at a key is wrong. Its Fields hold the
// message of the rule under the key; Place works on it as well.
func inKey(key string, err error) error {
	var inner *models.Error
	if !errors.As(err, &inner) {
		return err
	}
	e := models.E(models.CodeInvalid, "rules.set", "key", key)
	e.Fields = map[string]models.Msg{key: inner.Msg}
	return e.Wrap(err)
}
