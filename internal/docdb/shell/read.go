package shell

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"

	"envshare/models"
)

// example shows what a condition looks like.
const example = "{price: 5}"

const (
	maxText  = 16 << 10 // bytes; it bounds the depth of what the parser recurses into
	maxDepth = 100
)

// JSON returns a condition or an order as extended JSON (admin protocol, section
// 6). Plain extended JSON comes back with the same meaning. now stands for new
// Date(). Errors have the code invalid and say line and column.
func JSON(text string, now time.Time) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	if len(text) > maxText || !utf8.ValidString(text) {
		return "", models.E(models.CodeInvalid, "shell.long", "kb", maxText>>10)
	}
	// In brackets an object is an expression, not a block.
	program, err := parser.ParseFile(nil, "", "("+text+"\n)", 0, parser.WithDisableSourceMaps)
	if err != nil {
		return "", syntax(err)
	}
	r := &reader{program: program, now: now}
	if len(program.Body) != 1 {
		return "", r.refuse(2, "shell.one", "example", example)
	}
	statement, ok := program.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return "", r.refuse(2, "shell.one", "example", example)
	}
	v, err := r.value(statement.Expression, 0)
	if err != nil {
		return "", err
	}
	if c, ok := v.(command); ok {
		if !c.logic() {
			return "", r.refuse(statement.Expression.Idx0(), "shell.top", "example", example)
		}
		v = c.top()
	}
	if _, ok := v.(object); !ok {
		return "", r.refuse(statement.Expression.Idx0(), "shell.top", "example", example)
	}
	var b strings.Builder
	write(&b, v)
	return b.String(), nil
}

// syntax is the error of a text that is no JavaScript. The library's own words are
// for the log.
func syntax(err error) error {
	var list parser.ErrorList
	line, column := 1, 1
	if errors.As(err, &list) && len(list) > 0 {
		line, column = shifted(list[0].Position)
	}
	return models.E(models.CodeInvalid, "shell.syntax", "line", line, "column", column).Wrap(err)
}

// shifted takes off the bracket before the text.
func shifted(p file.Position) (line, column int) {
	if p.Line == 1 {
		p.Column--
	}
	return max(p.Line, 1), max(p.Column, 1)
}

// reader turns an expression into JSON.
type reader struct {
	program *ast.Program
	now     time.Time
}

func (r *reader) refuse(at file.Idx, key string, args ...any) error {
	line, column := shifted(r.program.File.Position(int(at) - r.program.File.Base()))
	return models.E(models.CodeInvalid, key, append([]any{"line", line, "column", column}, args...)...)
}

// The values are raw JSON texts, objects, arrays, and commands, which become JSON
// only where it is known which field they are about.
type (
	raw    string
	object []member
	array  []any
	member struct {
		key   string
		value any
	}
)

func (r *reader) value(e ast.Expression, depth int) (any, error) {
	if depth > maxDepth {
		return nil, r.refuse(e.Idx0(), "shell.deep", "max", maxDepth)
	}
	switch e := e.(type) {
	case *ast.StringLiteral:
		return quoted(e.Value.String()), nil
	case *ast.NumberLiteral:
		return number(e.Value), nil
	case *ast.BooleanLiteral:
		return raw(strconv.FormatBool(e.Value)), nil
	case *ast.NullLiteral:
		return raw("null"), nil
	case *ast.RegExpLiteral:
		return regex(e.Pattern, e.Flags), nil
	case *ast.UnaryExpression:
		return r.signed(e, depth)
	case *ast.ArrayLiteral:
		return r.array(e, depth)
	case *ast.ObjectLiteral:
		return r.object(e, depth)
	case *ast.CallExpression:
		return r.call(e, depth)
	case *ast.NewExpression:
		return r.construct(e.Callee, e.ArgumentList, e.Idx0(), depth)
	case *ast.TemplateLiteral:
		if len(e.Expressions) == 0 && len(e.Elements) == 1 && e.Tag == nil {
			return quoted(e.Elements[0].Parsed.String()), nil
		}
	}
	return nil, r.refuse(e.Idx0(), "shell.unknown")
}

func (r *reader) signed(e *ast.UnaryExpression, depth int) (any, error) {
	v, err := r.value(e.Operand, depth+1)
	if err != nil {
		return nil, err
	}
	text, ok := v.(raw)
	if _, isNumber := e.Operand.(*ast.NumberLiteral); !ok || !isNumber || e.Operator != token.MINUS && e.Operator != token.PLUS {
		return nil, r.refuse(e.Idx0(), "shell.unknown")
	}
	if e.Operator == token.MINUS {
		return "-" + text, nil
	}
	return text, nil
}

func (r *reader) array(e *ast.ArrayLiteral, depth int) (any, error) {
	out := make(array, 0, len(e.Value))
	for _, item := range e.Value {
		if item == nil {
			return nil, r.refuse(e.Idx0(), "shell.unknown")
		}
		v, err := r.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// object reads an object; a command that it holds becomes the condition of its
// field.
func (r *reader) object(e *ast.ObjectLiteral, depth int) (any, error) {
	var out object
	for _, p := range e.Value {
		keyed, ok := p.(*ast.PropertyKeyed)
		if !ok || keyed.Computed || keyed.Kind != ast.PropertyKindValue {
			return nil, r.refuse(p.Idx0(), "shell.unknown")
		}
		key, ok := keyOf(keyed.Key)
		if !ok {
			return nil, r.refuse(p.Idx0(), "shell.unknown")
		}
		v, err := r.value(keyed.Value, depth+1)
		if err != nil {
			return nil, err
		}
		c, ok := v.(command)
		if !ok {
			out = append(out, member{key, v})
			continue
		}
		out = append(out, c.on(key))
	}
	return joined(out), nil
}

func keyOf(e ast.Expression) (string, bool) {
	switch e := e.(type) {
	case *ast.StringLiteral:
		return e.Value.String(), true
	case *ast.Identifier:
		return e.Name.String(), true
	case *ast.NumberLiteral:
		return e.Literal, true
	}
	return "", false
}

// joined keeps several conditions that came to stand under one key, such as two
// fields with $or: only one of them would count.
func joined(o object) object {
	seen := map[string]bool{}
	for _, m := range o {
		if seen[m.key] {
			all := make(array, len(o))
			for i, m := range o {
				all[i] = object{m}
			}
			return object{{"$and", all}}
		}
		seen[m.key] = true
	}
	return o
}
