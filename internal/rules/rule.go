package rules

import (
	"errors"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Rule is the condition of one operation. It is immutable and safe for
// concurrent use. The zero Rule and nil refuse everything.
type Rule struct {
	root   *node
	preset bool
}

// Parse reads the rule of an operation. An error has the code invalid, a message
// for people, and its place, which Place returns.
func Parse(kind Kind, op Operation, source string) (*Rule, error) {
	root, err := parse(source)
	if err == nil {
		c := &checker{kind: kind, op: op}
		err = c.condition(root)
	}
	if err != nil {
		return nil, placed(err, source)
	}
	return &Rule{root: root.keepText()}, nil
}

// Always returns the rule that is true or false for everybody.
func Always(allowed bool) *Rule {
	root := &node{kind: kindLiteral, value: value.Bool(allowed)}
	return &Rule{root: root.keepText()}
}

// String returns the canonical text of a rule; parsing it gives the same rule.
func (r *Rule) String() string {
	if r == nil || r.root == nil {
		return "false"
	}
	return r.root.String()
}

// NeedsDoc reports whether the rule names fields of the document. If it does not,
// an operation can be decided without reading the document.
func (r *Rule) NeedsDoc() bool { return r != nil && r.root != nil && r.root.doc }

// constant returns whether the rule is written true or false.
func (r *Rule) constant() (allowed, ok bool) {
	if r == nil || r.root == nil {
		return false, true
	}
	return value.Truthy(r.root.value), r.root.kind == kindLiteral && r.root.value.Type == bson.TypeBoolean
}

// placed adds the column to an error that knows its offset.
func placed(err error, source string) error {
	var e *models.Error
	if errors.As(err, &e) {
		if offset, ok := e.Msg.Args["offset"].(int); ok {
			e.Msg.Args["column"] = utf8.RuneCountInString(source[:min(offset, len(source))]) + 1
		}
	}
	return err
}

// Place returns where in an expression an error of Parse lies: the byte offset,
// and the column, which counts characters from 1.
func Place(err error) (offset, column int, ok bool) {
	for err != nil {
		if e, isOurs := err.(*models.Error); isOurs { //nolint:errorlint // every layer is looked at
			offset, known := e.Msg.Args["offset"].(int)
			column, counted := e.Msg.Args["column"].(int)
			if known && counted {
				return offset, column, true
			}
		}
		err = errors.Unwrap(err)
	}
	return 0, 0, false
}
