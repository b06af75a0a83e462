package rules

import (
	"math"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// primary parses a constant, a variable, a call, a list or what stands in
// brackets.
func (p *parser) primary() (*node, error) {
	t := p.token
	n := &node{kind: kindLiteral, at: t.at}
	switch t.kind {
	case tokenText:
		n.value = value.String(t.text)
		return n, p.advance()
	case tokenNumber:
		return p.number(n, "")
	case tokenTemplate:
		if err := p.deeper(); err != nil {
			return nil, err
		}
		n, err := p.template(t)
		p.depth--
		if err != nil {
			return nil, err
		}
		return n, p.advance()
	case tokenName:
		return p.name(n)
	case tokenSign:
		if err := p.deeper(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		switch t.text {
		case "(":
			return p.bracketed()
		case "[":
			return p.list()
		case "-":
			if err := p.advance(); err != nil {
				return nil, err
			}
			if p.token.kind == tokenNumber {
				return p.number(n, "-")
			}
		}
	}
	return nil, p.unexpected()
}

func (p *parser) bracketed() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.any()
	if err != nil {
		return nil, err
	}
	return n, p.expect(")")
}

func (p *parser) list() (*node, error) {
	n := &node{kind: kindList, at: p.token.at}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for {
		if ok, err := p.accept("]"); ok || err != nil {
			return n, err
		}
		item, err := p.any()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, item)
		if ok, err := p.accept(","); err != nil {
			return nil, err
		} else if !ok {
			return n, p.expect("]")
		}
	}
}

// number reads a number: a whole one that fits is an int64, others are doubles.
func (p *parser) number(n *node, sign string) (*node, error) {
	text := sign + p.token.text
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, wrong(p.token.at, "rules.number", "text", text)
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		n.value = value.Int64Value(whole)
	} else if f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
		n.value = value.Int64Value(int64(f))
	} else {
		n.value = value.Double(f)
	}
	return n, p.advance()
}

// name reads a word: a constant, a variable or get.
func (p *parser) name(n *node) (*node, error) {
	word := p.token.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch word {
	case "true", "false":
		n.value = value.Bool(word == "true")
		return n, nil
	case "null":
		n.value = value.Null()
		return n, nil
	case "undefined":
		n.value = bson.RawValue{}
		return n, nil
	case "in":
		return nil, wrong(n.at, "rules.unexpected", "text", word)
	}
	if p.token.kind == tokenSign && p.token.text == "(" {
		return p.call(n, word)
	}
	n.kind, n.root = kindRef, word
	return n, nil
}

func (p *parser) call(n *node, name string) (*node, error) {
	if name != "get" {
		return nil, wrong(n.at, "rules.function", "name", name)
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.expect("("); err != nil {
		return nil, err
	}
	arg, err := p.any()
	if err != nil {
		return nil, err
	}
	n.kind, n.kids = kindGet, []*node{arg}
	return n, p.expect(")")
}

// template parses what stands between back-ticks. One without ${…} is a text.
func (p *parser) template(t token) (*node, error) {
	n := &node{kind: kindTemplate, at: t.at}
	raw, at := t.text, t.at+1
	for {
		open := insertion(raw)
		text, err := unescape(raw[:open], at)
		if err != nil {
			return nil, err
		}
		n.texts = append(n.texts, text)
		if open == len(raw) {
			break
		}
		end := closed(raw, open+2, '{')
		inner := &parser{lexer: lexer{source: raw[open+2 : end], base: at + open + 2}, depth: p.depth}
		part, err := inner.whole()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, part)
		raw, at = raw[end+1:], at+end+1
	}
	if len(n.kids) == 0 {
		n.kind, n.value, n.texts = kindLiteral, value.String(n.texts[0]), nil
	}
	return n, nil
}

// insertion returns where the first ${ of a template stands, its length if there
// is none.
func insertion(raw string) int {
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			i++
		} else if strings.HasPrefix(raw[i:], "${") {
			return i
		}
	}
	return len(raw)
}
