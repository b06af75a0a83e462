package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind byte

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenNumber
	tokenText     // the text is decoded
	tokenTemplate // the text stands between back-ticks, not decoded
	tokenSign
)

// token is one word of an expression.
type token struct {
	kind tokenKind
	text string
	at   int // byte offset of its first character
}

// signs are the operators and brackets, longer ones before what they begin with.
var signs = []string{
	"===", "!==", "==", "!=", ">=", "<=", "&&", "||",
	">", "<", "!", "(", ")", "[", "]", ".", ",", "-",
}

// lexer cuts an expression into tokens.
type lexer struct {
	source string
	at     int
	base   int // offset of the source inside of the whole expression
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	l.at += len(l.source[l.at:]) - len(strings.TrimLeft(l.source[l.at:], " \t\r\n"))
	t := token{at: l.base + l.at}
	if l.at == len(l.source) {
		return t, nil
	}
	rest := l.source[l.at:]
	first, _ := utf8.DecodeRuneInString(rest)
	switch {
	case isNameStart(first):
		t.kind, t.text = tokenName, rest[:nameLength(rest)]
	case isDigit(rest[0]), rest[0] == '.' && len(rest) > 1 && isDigit(rest[1]) && !l.afterValue():
		t.kind, t.text = tokenNumber, rest[:numberLength(rest)]
	case first == '\'', first == '"':
		return l.text(t, rest)
	case first == '`':
		return l.template(t, rest)
	default:
		for _, sign := range signs {
			if strings.HasPrefix(rest, sign) {
				t.kind, t.text = tokenSign, sign
				break
			}
		}
		if t.text == "" {
			return t, wrong(t.at, "rules.character", "character", string(first))
		}
	}
	l.at += len(t.text)
	return t, nil
}

// afterValue reports whether a point follows something that has members, as in
// doc.a: then it is no beginning of a number.
func (l *lexer) afterValue() bool {
	before := strings.TrimRight(l.source[:l.at], " \t\r\n")
	if before == "" {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	return isNameStart(last) || unicode.IsDigit(last) || last == ')' || last == ']'
}

func (l *lexer) text(t token, rest string) (token, error) {
	end := closing(rest, rest[0])
	if end < 0 {
		return t, wrong(t.at, "rules.text_open")
	}
	text, err := unescape(rest[1:end], t.at+1)
	if err != nil {
		return t, err
	}
	t.kind, t.text = tokenText, text
	l.at += end + 1
	return t, nil
}

// closing returns where the quote that opens a text closes it, -1 if nowhere.
func closing(rest string, quote byte) int {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case quote:
			return i
		case '\n':
			return -1
		}
	}
	return -1
}

func (l *lexer) template(t token, rest string) (token, error) {
	end := closed(rest, 1, '`')
	if end < 0 {
		return t, wrong(t.at, "rules.text_open")
	}
	t.kind, t.text = tokenTemplate, rest[1:end]
	l.at += end + 1
	return t, nil
}

// closed returns where what opened before start, a template or an insertion, ends;
// -1 if nowhere. Inside of ${…} there may be texts and templates again, so it
// keeps what is open.
func closed(s string, start int, opened byte) int {
	open := []byte{opened}
	for i := start; i < len(s); i++ {
		inText := open[len(open)-1] == '`'
		switch c := s[i]; {
		case c == '\\' && inText:
			i++
		case c == '`' && !inText:
			open = append(open, '`')
		case inText && strings.HasPrefix(s[i:], "${"):
			open = append(open, '{')
			i++
		case c == '`', c == '}' && !inText:
			open = open[:len(open)-1]
			if len(open) == 0 {
				return i
			}
		case (c == '\'' || c == '"') && !inText:
			end := closing(s[i:], c)
			if end < 0 {
				return -1
			}
			i += end
		}
	}
	return -1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

// nameLength returns how many bytes at the beginning of s are one name.
func nameLength(s string) int {
	for i, r := range s {
		if !isNameStart(r) && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

// isName reports whether the whole of s is one name.
func isName(s string) bool { return s != "" && nameLength(s) == len(s) }

// numberLength returns how many bytes at the beginning of s are one number.
func numberLength(s string) int {
	i := digits(s, 0)
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		i = digits(s, i+1)
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		power := i + 1
		if power < len(s) && (s[power] == '+' || s[power] == '-') {
			power++
		}
		if end := digits(s, power); end > power {
			return end
		}
	}
	return i
}

func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}
