// Package regex compiles the regular expressions of queries and expressions.
//
// It knows patterns and flags. It must not know BSON.
package regex

import (
	"regexp"
	"strings"

	"envshare/models"
)

const maxPattern = 32 << 10 // bytes, as in MongoDB

// Compile compiles a pattern with flags of i, m, s and x. It runs on RE2:
// look-around and back references, which could run for minutes, are refused.
func Compile(pattern, options string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, models.E(models.CodeOperator, "docdb.regex_long", "bytes", maxPattern)
	}
	flags := ""
	for _, f := range options {
		switch f {
		case 'i', 'm', 's':
			if !strings.ContainsRune(flags, f) {
				flags += string(f)
			}
		case 'x':
			pattern = withoutSpace(pattern)
		}
	}
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, models.E(models.CodeOperator, "docdb.regex_refused", "pattern", pattern).Wrap(err)
	}
	return compiled, nil
}

// withoutSpace carries out the flag x: white space and comments outside of
// classes mean nothing.
func withoutSpace(pattern string) string {
	var out strings.Builder
	class, comment := false, false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case comment:
			comment = c != '\n'
			continue
		case c == '\\' && i+1 < len(pattern):
			out.WriteByte(c)
			i++
			c = pattern[i]
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '#':
			comment = true
			continue
		case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}
