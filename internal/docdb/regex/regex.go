// Package regex compiles the regular expressions of queries and expressions.
//
// It knows patterns and flags. It must not know BSON.
package regex

import (
	"io"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"envshare/models"
)

const maxPattern = 32 << 10 // bytes, as in MongoDB

// Pattern is a compiled regular expression that knows how large it is.
type Pattern struct {
	*regexp.Regexp
	size int
}

// maxSize bounds the instructions that a pattern becomes: a short one can repeat
// itself to a large program.
const maxSize = 20_000

// CompileSteps is how many steps of a search compiling an instruction takes.
const CompileSteps = 8

// Size returns about how many instructions the pattern became.
func (p *Pattern) Size() int { return p.size }

// Steps returns how many steps of about 50 ns a search in a text of so many bytes
// can take: the product of both sizes, of which a small pattern seldom takes all.
func (p *Pattern) Steps(text int) int {
	if p.size <= smallSize {
		return 1 + text*(4+p.size)>>3
	}
	return 1 + text*(4+p.size)>>1
}

const (
	smallSize = 64
	// longSearch is from how many steps on a search is made to be stopped.
	longSearch = 100_000
)

// Match reports whether a text matches. A long search asks alive now and then
// whether to go on, and ends with its error.
func (p *Pattern) Match(text []byte, alive func() error) (bool, error) {
	if p.Steps(len(text)) < longSearch {
		return p.Regexp.Match(text), nil
	}
	r := &reader{text: text, alive: alive, every: p.every()}
	found := p.MatchReader(r)
	return found && r.err == nil, r.err
}

// Find returns the first match and its groups as pairs of indexes, nil for none.
// It can be stopped as Match.
func (p *Pattern) Find(text string, alive func() error) ([]int, error) {
	if p.Steps(len(text)) < longSearch {
		return p.FindStringSubmatchIndex(text), nil
	}
	r := &reader{text: []byte(text), alive: alive, every: p.every()}
	found := p.FindReaderSubmatchIndex(r)
	return found, r.err
}

// every is how many characters a search reads in well below a millisecond.
func (p *Pattern) every() int { return 1 + 4096/(1+p.size) }

// reader reads a text for a search until it is to stop.
type reader struct {
	text        []byte
	alive       func() error
	every, left int
	err         error
}

// ReadRune ends the text early when the search is to stop.
func (r *reader) ReadRune() (rune, int, error) {
	if r.left--; r.left < 0 && r.err == nil {
		r.left, r.err = r.every, r.alive()
	}
	if len(r.text) == 0 || r.err != nil {
		return 0, 0, io.EOF
	}
	c, size := utf8.DecodeRune(r.text)
	r.text = r.text[size:]
	return c, size, nil
}

// sizeOf counts instructions; repetitions count as often as they repeat.
func sizeOf(r *syntax.Regexp) int {
	n := 1
	for _, sub := range r.Sub {
		n = min(n+sizeOf(sub), 2*maxSize)
	}
	switch r.Op {
	case syntax.OpRepeat:
		n *= max(r.Min, r.Max, 1)
	case syntax.OpLiteral:
		n += len(r.Rune)
	case syntax.OpCharClass:
		n += len(r.Rune) / 8
	}
	return min(n, 2*maxSize)
}

// Compile compiles a pattern with flags of i, m, s and x. It runs on RE2:
// look-around and back references, which could run for minutes, are refused.
func Compile(pattern, options string) (*Pattern, error) {
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
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, models.E(models.CodeOperator, "docdb.regex_refused", "pattern", pattern).Wrap(err)
	}
	size := sizeOf(parsed)
	if size > maxSize {
		return nil, models.E(models.CodeOperator, "docdb.regex_large", "size", maxSize)
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, models.E(models.CodeOperator, "docdb.regex_refused", "pattern", pattern).Wrap(err)
	}
	return &Pattern{compiled, size}, nil
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
