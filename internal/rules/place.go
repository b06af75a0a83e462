package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"envshare/models"
)

// TextPlace is where in the JSON text of a set an error lies. Line and column count
// from 1, columns in characters.
type TextPlace struct {
	Key          string // whose rule is wrong, "" when it is none's
	Line, Column int
}

// PlaceIn returns where in a text an error of ParseSet or ParseFunctions lies: in
// the rule of a key, at that key, or where the text stops being JSON.
func PlaceIn(text string, err error) (TextPlace, bool) {
	var e *models.Error
	if !errors.As(err, &e) {
		return TextPlace{}, false
	}
	for key := range e.Fields {
		m, ok := locate([]byte(text), 0, "", key)
		if !ok {
			return TextPlace{Key: key}, false
		}
		at := m.keyAt
		if offset, _, known := Place(err); known && m.value[0] == '"' {
			at = m.valueAt + offsetIn(m.value, offset)
		}
		return textPlace(text, key, at), true
	}
	if offset, ok := e.Msg.Args["offset"].(int); ok {
		return textPlace(text, "", offset), true
	}
	return TextPlace{}, false
}

func textPlace(text, key string, at int) TextPlace {
	before := text[:min(at, len(text))]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return TextPlace{Key: key, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(line) + 1}
}

// located is a member of an object with its offsets in the text.
type located struct {
	keyAt, valueAt int
	value          json.RawMessage
}

// locate finds the last member of a key, which names members of members with dots;
// the object itself has the key above and begins at an offset of the text.
func locate(object []byte, base int, above, key string) (found located, ok bool) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return located{}, false
	}
	for d.More() {
		start := int(d.InputOffset())
		t, err := d.Token()
		name, isText := t.(string)
		m := located{keyAt: base + start + max(0, bytes.IndexByte(object[start:], '"'))}
		if err != nil || !isText || d.Decode(&m.value) != nil {
			return found, ok
		}
		m.valueAt = base + int(d.InputOffset()) - len(m.value)
		at := below(above, name)
		if at == key {
			found, ok = m, true
		}
		if strings.HasPrefix(key, at+".") {
			if inner, there := locate(m.value, m.valueAt, at, key); there {
				found, ok = inner, true
			}
		}
	}
	return found, ok
}

// offsetIn returns the offset in a JSON text of what lies at an offset of the text
// that it stands for.
func offsetIn(quoted []byte, offset int) int {
	i := 1
	for n := 0; n < offset && i < len(quoted)-1; {
		if quoted[i] != '\\' {
			i, n = i+1, n+1
			continue
		}
		if quoted[i+1] != 'u' {
			i, n = i+2, n+1
			continue
		}
		r := escaped(quoted[i:])
		i += 6
		if pair := utf16.DecodeRune(r, escaped(quoted[i:])); pair != utf8.RuneError {
			r, i = pair, i+6
		}
		n += len(string(r))
	}
	return i
}

// escaped reads \uXXXX; a text that does not begin with it is no half of a pair.
func escaped(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
