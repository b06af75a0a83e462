package expr

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// asText is how text operators read a value: null is empty, numbers and dates are
// written out.
func asText(v bson.RawValue) (string, bool) {
	if nullish(v) {
		return "", true
	}
	if text, ok := textOf(v); ok {
		return text, true
	}
	if value.IsNumber(v) || v.Type == bson.TypeDateTime {
		out, ok := toText(v)
		text, _ := textOf(out)
		return text, ok
	}
	return "", false
}

func onText(call func(s string) bson.RawValue) operator {
	return operator{least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		s, ok := asText(a[0])
		return call(s), ok
	}}
}

var textOperators = map[string]operator{
	"$concat": {least: 0, most: -1, call: concat}, "$split": {least: 2, most: 2, call: split, makes: splitted},
	"$toLower": onText(func(s string) bson.RawValue { return value.String(mapASCII(s, 'A', 'Z', 'a'-'A')) }),
	"$toUpper": onText(func(s string) bson.RawValue { return value.String(mapASCII(s, 'a', 'z', -('a' - 'A'))) }),
	"$strLenBytes": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		s, ok := textOf(a[0])
		return value.Int32(int32(len(s))), ok
	}},
	"$strLenCP": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		s, ok := textOf(a[0])
		return value.Int32(int32(utf8.RuneCountInString(s))), ok
	}},
	"$strcasecmp": {least: 2, most: 2, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		x, ok1 := asText(a[0])
		y, ok2 := asText(a[1])
		return value.Int32(int32(strings.Compare(mapASCII(x, 'a', 'z', -32), mapASCII(y, 'a', 'z', -32)))), ok1 && ok2
	}},
	"$substr": {least: 3, most: 3, call: substrBytes}, "$substrBytes": {least: 3, most: 3, call: substrBytes}, "$substrCP": {least: 3, most: 3, call: substrCP},
	"$indexOfBytes": {least: 2, most: 4, call: indexOfBytes}, "$indexOfCP": {least: 2, most: 4, call: indexOfCP},
	"$trim": {named: []string{"input", "chars"}, needed: 1, call: trimming(strings.TrimFunc)}, "$ltrim": {named: []string{"input", "chars"}, needed: 1, call: trimming(strings.TrimLeftFunc)},
	"$rtrim":      {named: []string{"input", "chars"}, needed: 1, call: trimming(strings.TrimRightFunc)},
	"$replaceOne": {named: []string{"input", "find", "replacement"}, needed: 3, call: replacing(1), makes: replaced(1)}, "$replaceAll": {named: []string{"input", "find", "replacement"}, needed: 3, call: replacing(-1), makes: replaced(-1)},
	"$regexMatch":   {named: []string{"input", "regex", "options"}, needed: 2, scoped: regexMatch},
	"$regexFind":    {named: []string{"input", "regex", "options"}, needed: 2, scoped: regexFind},
	"$regexFindAll": {named: []string{"input", "regex", "options"}, needed: 2, scoped: regexFindAll},
}

// mapASCII shifts the letters between low and high; others stay, as in MongoDB.
func mapASCII(s string, low, high byte, shift int) string {
	b := []byte(s)
	for i, c := range b {
		if c >= low && c <= high {
			b[i] = byte(int(c) + shift)
		}
	}
	return string(b)
}

func concat(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	var out strings.Builder
	for _, v := range a {
		s, ok := textOf(v)
		if !ok {
			return v, false
		}
		out.WriteString(s)
	}
	return value.String(out.String()), true
}

// splitted is how many bytes the parts of $split take.
func splitted(a []bson.RawValue) int {
	s, _ := value.Text(a[0])
	by, _ := value.Text(a[1])
	return len(s) + (bytes.Count(s, by)+1)*(headBytes+5)
}

func split(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	s, ok1 := textOf(a[0])
	by, ok2 := textOf(a[1])
	if !ok1 || !ok2 || by == "" {
		return a[1], false
	}
	out := newList()
	for part := range strings.SplitSeq(s, by) {
		out.add(value.String(part))
	}
	return out.value(), true
}

// substrBytes refuses to cut a character in two.
func substrBytes(a []bson.RawValue) (bson.RawValue, bool) {
	s, ok := asText(a[0])
	from, ok1 := wholeNumber(a[1])
	n, ok2 := wholeNumber(a[2])
	if !ok || !ok1 || !ok2 {
		return a[0], false
	}
	if from < 0 || from >= len(s) {
		return value.String(""), true
	}
	to := len(s)
	if n >= 0 && n < to-from {
		to = from + n
	}
	cut := to < len(s) && !utf8.RuneStart(s[to])
	return value.String(s[from:to]), utf8.RuneStart(s[from]) && !cut
}

// wholeNumber reads a number without its fraction.
func wholeNumber(v bson.RawValue) (int, bool) {
	f, ok := value.Float(v)
	if !ok || f != f || f < -1<<31 || f > 1<<31-1 {
		return 0, false
	}
	return int(f), true
}

func substrCP(a []bson.RawValue) (bson.RawValue, bool) {
	s, ok := asText(a[0])
	from, ok1 := wholeNumber(a[1])
	n, ok2 := wholeNumber(a[2])
	if !ok || !ok1 || !ok2 || from < 0 || n < 0 {
		return a[0], false
	}
	s = s[runeOffset(s, from):]
	return value.String(s[:runeOffset(s, n)]), true
}

// runeOffset is where the character n of a text begins, its end when it has fewer.
func runeOffset(s string, n int) int {
	for at := range s {
		if n == 0 {
			return at
		}
		n--
	}
	return len(s)
}

func indexOfBytes(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	s, ok1 := textOf(a[0])
	find, ok2 := textOf(a[1])
	from, to, ok3 := window(a, len(s))
	if !ok1 || !ok2 || !ok3 {
		return a[0], false
	}
	at := strings.Index(s[from:to], find)
	if at < 0 {
		return value.Int32(-1), true
	}
	return value.Int32(int32(from + at)), true
}

func indexOfCP(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	s, ok1 := textOf(a[0])
	find, ok2 := textOf(a[1])
	from, to, ok3 := window(a, utf8.RuneCountInString(s))
	if !ok1 || !ok2 || !ok3 {
		return a[0], false
	}
	begin := runeOffset(s, from)
	part := s[begin:]
	part = part[:runeOffset(part, to-from)]
	at := strings.Index(part, find)
	if at < 0 {
		return value.Int32(-1), true
	}
	return value.Int32(int32(from + utf8.RuneCountInString(part[:at]))), true
}

// whiteSpace is what trimming takes away when it is not told.
const whiteSpace = "\x00\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"

func trimming(cut func(s string, drop func(rune) bool) string) func(a []bson.RawValue) (bson.RawValue, bool) {
	return func(a []bson.RawValue) (bson.RawValue, bool) {
		set := whiteSpace
		if nullish(a[0]) || a[1].Type == bson.TypeNull {
			return value.Null(), true
		}
		if a[1].Type != 0 {
			var ok bool
			if set, ok = textOf(a[1]); !ok {
				return a[1], false
			}
		}
		s, ok := textOf(a[0])
		drop := map[rune]bool{}
		for _, r := range set {
			drop[r] = true
		}
		return value.String(cut(s, func(r rune) bool { return drop[r] })), ok
	}
}

func replacing(n int) func(a []bson.RawValue) (bson.RawValue, bool) {
	return func(a []bson.RawValue) (bson.RawValue, bool) {
		if anyNullish(a) {
			return value.Null(), true
		}
		s, ok1 := textOf(a[0])
		find, ok2 := textOf(a[1])
		with, ok3 := textOf(a[2])
		return value.String(strings.Replace(s, find, with, n)), ok1 && ok2 && ok3
	}
}

// replaced is how many bytes a text has once others stand in the place of parts.
func replaced(n int) func(a []bson.RawValue) int {
	return func(a []bson.RawValue) int {
		s, _ := value.Text(a[0])
		find, _ := value.Text(a[1])
		with, _ := value.Text(a[2])
		times := bytes.Count(s, find)
		if n > 0 {
			times = min(times, n)
		}
		return len(s) + times*max(0, len(with)-len(find))
	}
}
