package store

import (
	"strings"
	"unicode/utf8"
)

// text makes what code printed or a stranger sent storable: PostgreSQL refuses
// a NUL and bytes that are not UTF-8, and a record must not be lost over them.
func text(s string) string {
	const replacement = string(utf8.RuneError)
	return strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
}

// fit is text cut to the size of a column, in characters.
func fit(s string, size int) string {
	s = text(s)
	if utf8.RuneCountInString(s) <= size {
		return s
	}
	return string([]rune(s)[:size])
}
