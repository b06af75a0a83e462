package rules

import (
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// String writes the canonical text: parsing it gives the same tree again.
func (n *node) String() string {
	if n.text != "" {
		return n.text
	}
	var b strings.Builder
	n.print(&b)
	return b.String()
}

// keepText keeps the texts of a condition and of those in it, which verdicts name.
func (n *node) keepText() *node {
	if n.condition() {
		for _, kid := range n.kids {
			kid.keepText()
		}
	}
	n.text = n.String()
	return n
}

func (n *node) print(b *strings.Builder) {
	switch n.kind {
	case kindAll:
		n.join(b, " && ", kindAny)
	case kindAny:
		n.join(b, " || ", 0)
	case kindNot:
		b.WriteByte('!')
		n.kids[0].inBrackets(b, n.kids[0].kind <= kindAny || n.kids[0].kind == kindCompare)
	case kindCompare:
		n.left().inBrackets(b, n.left().condition())
		b.WriteString(" " + operatorSigns[n.op] + " ")
		n.right().inBrackets(b, n.right().condition())
	case kindLiteral:
		n.printLiteral(b)
	case kindList:
		b.WriteByte('[')
		n.join(b, ", ", 0)
		b.WriteByte(']')
	case kindTemplate:
		n.printTemplate(b)
	case kindRef:
		b.WriteString(n.root)
		n.printPath(b)
	case kindGet:
		b.WriteString("get(")
		n.kids[0].print(b)
		b.WriteByte(')')
		n.printPath(b)
	}
}

// join prints the kids with a sign between them, those of one kind in brackets.
func (n *node) join(b *strings.Builder, sign string, bracketed kind) {
	for i, kid := range n.kids {
		if i > 0 {
			b.WriteString(sign)
		}
		kid.inBrackets(b, kid.kind == bracketed)
	}
}

func (n *node) inBrackets(b *strings.Builder, needed bool) {
	if needed {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	n.print(b)
}

func (n *node) printLiteral(b *strings.Builder) {
	switch n.value.Type {
	case 0:
		b.WriteString("undefined")
	case bson.TypeNull:
		b.WriteString("null")
	case bson.TypeBoolean:
		b.WriteString(strconv.FormatBool(value.Truthy(n.value)))
	case bson.TypeInt64:
		whole, _ := value.Int64(n.value)
		b.WriteString(strconv.FormatInt(whole, 10))
	case bson.TypeDouble:
		f, _ := value.Float(n.value)
		b.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
	default:
		text, _ := value.Text(n.value)
		b.WriteByte('\'')
		escape(b, string(text), '\'')
		b.WriteByte('\'')
	}
}

func (n *node) printTemplate(b *strings.Builder) {
	b.WriteByte('`')
	for i, text := range n.texts {
		escape(b, text, '`')
		if i < len(n.kids) {
			b.WriteString("${")
			n.kids[i].print(b)
			b.WriteByte('}')
		}
	}
	b.WriteByte('`')
}

func (n *node) printPath(b *strings.Builder) {
	for _, name := range n.path {
		switch {
		case isName(name):
			b.WriteString("." + name)
		case isIndex(name):
			b.WriteString("[" + name + "]")
		default:
			b.WriteString("['")
			escape(b, name, '\'')
			b.WriteString("']")
		}
	}
}
