package rules

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// kind says what a node is. The first four are conditions, which are true or
// false; the others are values.
type kind byte

const (
	kindAll     kind = iota + 1 // &&
	kindAny                     // ||
	kindNot                     // !
	kindCompare                 // == != < <= > >= in
	kindLiteral
	kindList
	kindTemplate
	kindRef // a variable with its members
	kindGet
)

type operator byte

const (
	opEqual operator = iota + 1
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opIn
)

var operatorSigns = map[operator]string{
	opEqual: "==", opNotEqual: "!=", opLess: "<", opLessEqual: "<=", opGreater: ">", opGreaterEqual: ">=", opIn: "in",
}

var signOperators = map[string]operator{
	"==": opEqual, "===": opEqual, "!=": opNotEqual, "!==": opNotEqual, "<": opLess, "<=": opLessEqual, ">": opGreater, ">=": opGreaterEqual, "in": opIn,
}

// flipped returns the operator that says the same with its sides exchanged.
func (o operator) flipped() operator {
	switch o {
	case opLess:
		return opGreater
	case opLessEqual:
		return opGreaterEqual
	case opGreater:
		return opLess
	case opGreaterEqual:
		return opLessEqual
	}
	return o
}

// node is a part of an expression. It is immutable once it is parsed.
type node struct {
	kind kind
	at   int // byte offset in the expression
	op   operator
	// kids are what a condition joins, the two sides of a comparison, the items of
	// a list, what a template inserts, or the argument of get.
	kids  []*node
	value bson.RawValue // of a literal; undefined has type 0
	root  string        // of a variable
	path  value.Path    // members of a variable or of a document that get finds
	texts []string      // of a template, one more than kids
	doc   bool          // the part mentions a field of the document
	text  string        // of a condition: its canonical text
}

func (n *node) left() *node  { return n.kids[0] }
func (n *node) right() *node { return n.kids[1] }

// condition reports whether n is true or false by its form.
func (n *node) condition() bool { return n.kind <= kindCompare }

// field reports whether n is a field of the document.
func (n *node) field() bool { return n.kind == kindRef && n.root == "doc" }

// nothing reports whether n is written null or undefined.
func (n *node) nothing() bool { return n.kind == kindLiteral && isNothing(n.value) }

// isNothing reports whether a value is missing, null or undefined.
func isNothing(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
}
