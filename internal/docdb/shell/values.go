package shell

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// construct reads what makes a value: new Date(…), ObjectId(…), db.RegExp({…}),
// db.Geo.Point(…), db.serverDate().
func (r *reader) construct(callee ast.Expression, list []ast.Expression, at file.Idx, depth int) (any, error) {
	name := nameOf(callee)
	args := make(array, len(list))
	for i, a := range list {
		v, err := r.value(a, depth+1)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	bad := r.refuse(at, "shell.arguments", "name", name)
	switch name {
	case "Date":
		ms, ok := r.date(args)
		if !ok {
			return nil, bad
		}
		return wrap("$date", raw(`{"$numberLong":"`+strconv.FormatInt(ms, 10)+`"}`)), nil
	case "serverDate":
		if len(args) > 1 {
			return nil, bad
		}
		if o, ok := first(args).(object); ok {
			return wrap("$tcb_server_date", o), nil
		}
		return wrap("$tcb_server_date", object{}), nil
	case "ObjectId", "ObjectID":
		return wrapText("$oid", args, bad)
	case "NumberLong":
		return wrapText("$numberLong", args, bad)
	case "NumberDecimal":
		return wrapText("$numberDecimal", args, bad)
	case "RegExp":
		return regexOf(args, bad)
	case "Point":
		if len(args) != 2 {
			return nil, bad
		}
		return object{{"type", quoted("Point")}, {"coordinates", args}}, nil
	}
	return nil, r.refuse(at, "shell.unknown")
}

// nameOf is the last name of a callee whose first is db, or which stands alone.
func nameOf(e ast.Expression) string {
	switch e := e.(type) {
	case *ast.Identifier:
		return e.Name.String()
	case *ast.DotExpression:
		switch nameOf(e.Left) {
		case "db", "Geo":
			return e.Identifier.Name.String()
		}
	}
	return ""
}

func (r *reader) date(args array) (ms int64, ok bool) {
	if len(args) == 0 {
		return r.now.UnixMilli(), true
	}
	text, isRaw := args[0].(raw)
	if !isRaw || len(args) != 1 {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return n, true
	}
	var s string
	if json.Unmarshal([]byte(text), &s) != nil {
		return 0, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

// wrapText makes a value that extended JSON writes as text.
func wrapText(key string, args array, bad error) (any, error) {
	text, ok := first(args).(raw)
	if !ok || len(args) != 1 {
		return nil, bad
	}
	if !strings.HasPrefix(string(text), `"`) {
		text = quoted(string(text))
	}
	return wrap(key, text), nil
}

// regexOf reads RegExp('a', 'i') and db.RegExp({regexp: 'a', options: 'i'}).
func regexOf(args array, bad error) (any, error) {
	var parts [2]string
	read := func(i int, v any) bool {
		text, ok := v.(raw)
		return ok && json.Unmarshal([]byte(text), &parts[i]) == nil
	}
	if o, ok := first(args).(object); ok && len(args) == 1 {
		for _, m := range o {
			i, known := map[string]int{"regexp": 0, "options": 1, "option": 1}[m.key]
			if !known || !read(i, m.value) {
				return nil, bad
			}
		}
		return regex(parts[0], parts[1]), nil
	}
	for i, a := range args {
		if i > 1 || !read(i, a) {
			return nil, bad
		}
	}
	if len(args) == 0 {
		return nil, bad
	}
	return regex(parts[0], parts[1]), nil
}

func regex(pattern, flags string) any {
	return wrap("$regularExpression", object{{"pattern", quoted(pattern)}, {"options", quoted(flags)}})
}

func wrap(key string, v any) object { return object{{key, v}} }

func quoted(s string) raw {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // a string can always be encoded
	}
	return raw(text)
}

// number writes a number of JavaScript, whose parser tells whole ones apart.
func number(v any) raw {
	if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return raw(fmt.Sprintf(`{"$numberDouble":%q}`, strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "+Inf", "Infinity", 1)))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "0"
	}
	return raw(text)
}

func write(b *strings.Builder, v any) {
	switch v := v.(type) {
	case raw:
		b.WriteString(string(v))
	case array:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, one)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(string(quoted(m.key)) + ":")
			write(b, m.value)
		}
		b.WriteByte('}')
	case command: // inside of an array or of another command
		write(b, object{{v.operator, v.operand}})
	}
}
