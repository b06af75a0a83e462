package rules

import "unicode/utf8"

// The limits of an expression.
const (
	MaxCharacters = 1024 // length
	MaxGets       = 3    // get calls
	MaxGetDepth   = 2    // get calls inside one another
	maxDepth      = 40   // brackets, negations and templates inside one another
	maxMembers    = 32   // members of one variable
)

// parser is a recursive-descent parser with one token of look-ahead.
type parser struct {
	lexer lexer
	token token
	depth int
}

// parse reads the form of an expression, without asking what its names mean.
func parse(source string) (*node, error) {
	if n := utf8.RuneCountInString(source); n > MaxCharacters {
		return nil, wrong(0, "rules.long", "max", MaxCharacters, "length", n)
	}
	if !utf8.ValidString(source) {
		return nil, wrong(0, "rules.encoding")
	}
	p := &parser{lexer: lexer{source: source}}
	return p.whole()
}

// whole parses everything up to the end of the source.
func (p *parser) whole() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.any()
	if err == nil && p.token.kind != tokenEnd {
		err = p.unexpected()
	}
	return n, err
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

// accept moves past a sign if it comes next.
func (p *parser) accept(sign string) (bool, error) {
	if p.token.kind != tokenSign || p.token.text != sign {
		return false, nil
	}
	return true, p.advance()
}

// expect moves past a sign that has to come next.
func (p *parser) expect(sign string) error {
	ok, err := p.accept(sign)
	if err == nil && !ok {
		err = wrong(p.token.at, "rules.expected", "expected", sign)
	}
	return err
}

func (p *parser) unexpected() error {
	if p.token.kind == tokenEnd {
		return wrong(p.token.at, "rules.ends")
	}
	text := p.token.text
	if runes := []rune(text); len(runes) > 20 {
		text = string(runes[:20]) + "…"
	}
	return wrong(p.token.at, "rules.unexpected", "text", text)
}

// deeper counts what stands inside one another, so that no input exhausts the
// stack.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return wrong(p.token.at, "rules.deep", "max", maxDepth)
	}
	return nil
}

func (p *parser) any() (*node, error) { return p.joined(kindAny, "||", p.all) }
func (p *parser) all() (*node, error) { return p.joined(kindAll, "&&", p.comparison) }

// joined parses operands with one sign between them. a && (b && c) is the same
// tree as a && b && c.
func (p *parser) joined(k kind, sign string, operand func() (*node, error)) (*node, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	out := &node{kind: k, at: first.at, kids: flattened(nil, k, first)}
	for joined := false; ; joined = true {
		more, err := p.accept(sign)
		switch {
		case err != nil:
			return nil, err
		case !more && joined:
			return out, nil
		case !more:
			return first, nil
		}
		next, err := operand()
		if err != nil {
			return nil, err
		}
		out.kids = flattened(out.kids, k, next)
	}
}

func flattened(list []*node, k kind, n *node) []*node {
	if n.kind == k {
		return append(list, n.kids...)
	}
	return append(list, n)
}

func (p *parser) comparison() (*node, error) {
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	op, ok := p.operator()
	if !ok {
		return left, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.unary()
	if err != nil {
		return nil, err
	}
	if _, again := p.operator(); again {
		return nil, wrong(p.token.at, "rules.chained")
	}
	return &node{kind: kindCompare, at: left.at, op: op, kids: []*node{left, right}}, nil
}

func (p *parser) operator() (operator, bool) {
	if p.token.kind != tokenSign && (p.token.kind != tokenName || p.token.text != "in") {
		return 0, false
	}
	op, ok := signOperators[p.token.text]
	return op, ok
}

func (p *parser) unary() (*node, error) {
	at := p.token.at
	if ok, err := p.accept("!"); err != nil || !ok {
		if err != nil {
			return nil, err
		}
		return p.member()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	of, err := p.unary()
	return &node{kind: kindNot, at: at, kids: []*node{of}}, err
}

// member parses a value and the members behind it.
func (p *parser) member() (*node, error) {
	n, err := p.primary()
	for err == nil {
		var name string
		at := p.token.at
		switch {
		case p.token.kind == tokenSign && p.token.text == ".":
			name, err = p.named()
		case p.token.kind == tokenSign && p.token.text == "[":
			name, err = p.indexed()
		default:
			return n, nil
		}
		switch {
		case err != nil:
		case n.kind != kindRef && n.kind != kindGet:
			err = wrong(at, "rules.no_members")
		case len(n.path) == maxMembers:
			err = wrong(at, "rules.deep", "max", maxMembers)
		default:
			n.path = append(n.path, name)
		}
	}
	return nil, err
}

func (p *parser) named() (string, error) {
	if err := p.advance(); err != nil {
		return "", err
	}
	if p.token.kind != tokenName {
		return "", p.unexpected()
	}
	name := p.token.text
	return name, p.advance()
}

func (p *parser) indexed() (string, error) {
	if err := p.advance(); err != nil {
		return "", err
	}
	name := p.token.text
	switch p.token.kind {
	case tokenText:
	case tokenNumber:
		if !isIndex(name) {
			return "", wrong(p.token.at, "rules.index")
		}
	default:
		return "", wrong(p.token.at, "rules.index")
	}
	if err := p.advance(); err != nil {
		return "", err
	}
	return name, p.expect("]")
}

// isIndex reports whether a name is the position of an element as it is written.
func isIndex(s string) bool {
	return s != "" && len(s) <= 9 && digits(s, 0) == len(s) && (s == "0" || s[0] != '0')
}
