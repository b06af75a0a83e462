package rules

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var plainEscapes = map[byte]string{
	'\\': `\`, '\'': "'", '"': `"`, '`': "`", '$': "$", '{': "{", 'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f", 'v': "\v", '0': "\x00",
}

// unescape decodes what stands between quotes; at is its offset in the expression.
func unescape(s string, at int) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) {
			if plain, ok := plainEscapes[s[i+1]]; ok {
				b.WriteString(plain)
				i++
				continue
			}
		}
		r, size := codePoint(s[i:])
		if size == 0 {
			return "", wrong(at+i, "rules.escape")
		}
		b.WriteRune(r)
		i += size - 1
	}
	return b.String(), nil
}

// codePoint decodes \xHH, \uHHHH, a pair of surrogates or \u{H…} at the beginning
// of s and says how long it is; 0 when it is none.
func codePoint(s string) (rune, int) {
	if end := strings.IndexByte(s, '}'); strings.HasPrefix(s, `\u{`) && end > 3 {
		return hex(s[3:end]), valid(hex(s[3:end]), end+1)
	}
	if strings.HasPrefix(s, `\x`) && len(s) >= 4 {
		return hex(s[2:4]), valid(hex(s[2:4]), 4)
	}
	if !strings.HasPrefix(s, `\u`) || len(s) < 6 {
		return 0, 0
	}
	r := hex(s[2:6])
	if utf16.IsSurrogate(r) && len(s) >= 12 && s[6:8] == `\u` {
		pair := utf16.DecodeRune(r, hex(s[8:12]))
		if pair == utf8.RuneError {
			return 0, 0
		}
		return pair, 12
	}
	return r, valid(r, 6)
}

// hex reads a hexadecimal number, -1 when it is none.
func hex(s string) rune {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || n > utf8.MaxRune {
		return -1
	}
	return rune(n)
}

// valid returns size for a character, 0 for what is none.
func valid(r rune, size int) int {
	if !utf8.ValidRune(r) {
		return 0
	}
	return size
}

// escape writes s so that unescape returns it, for a text between the quotes.
func escape(b *strings.Builder, s string, quote rune) {
	for i, r := range s {
		switch {
		case r == quote, r == '\\', r == '$' && quote == '`' && strings.HasPrefix(s[i:], "${"):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ', r == 0x7f:
			b.WriteString(`\x`)
			b.WriteByte("0123456789abcdef"[r>>4])
			b.WriteByte("0123456789abcdef"[r&15])
		default:
			b.WriteRune(r)
		}
	}
}
