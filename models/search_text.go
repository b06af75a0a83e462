package models

import (
	"strings"
	"unicode/utf8"
)

// maxSearch bounds what lists are searched for, in characters.
const maxSearch = 100

// SearchText is a text that lists are searched for as a database takes it: without
// what is no text, within bounds. What goes beyond them is not looked for.
func SearchText(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if isControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s))
	if runes := []rune(s); len(runes) > maxSearch {
		return string(runes[:maxSearch])
	}
	return s
}
