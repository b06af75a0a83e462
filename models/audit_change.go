package models

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// AuditValue is a field's value in a recorded state. The zero value is none.
type AuditValue struct {
	Kind AuditKind
	Text string
	List []string
}

// AuditKind tells the values of recorded states apart.
type AuditKind int

// The kinds of values; the zero value says that there is none.
const (
	AuditNone AuditKind = iota
	AuditFlag
	AuditNumber
	AuditText
	AuditList
)

// AuditChange is one field of a recorded state that is not as it was.
type AuditChange struct {
	Field string // its name in the state
	// Key names the entry of a field that holds several, such as the grants of a
	// share by environment; empty for other fields.
	Key           string
	Before, After AuditValue
}

// Added returns the items of a list that are new; Removed those that are gone.
func (c AuditChange) Added() []string   { return without(c.After.List, c.Before.List) }
func (c AuditChange) Removed() []string { return without(c.Before.List, c.After.List) }

func without(list, other []string) []string {
	var out []string
	for _, item := range list {
		if !slices.Contains(other, item) {
			out = append(out, item)
		}
	}
	return out
}

// Changes compares the states before and after field by field, in the order of
// their names. A state that is no JSON object has no fields.
func (e AuditEvent) Changes() []AuditChange {
	before, after := auditFields(e.Before), auditFields(e.After)
	names := slices.Compact(slices.Sorted(func(yield func(auditField) bool) {
		for _, fields := range []map[auditField]AuditValue{before, after} {
			for name := range fields {
				if !yield(name) {
					return
				}
			}
		}
	}))
	var out []AuditChange
	for _, name := range names {
		c := AuditChange{Field: name.field(), Key: name.key(), Before: before[name], After: after[name]}
		if !reflect.DeepEqual(c.Before, c.After) {
			out = append(out, c)
		}
	}
	return out
}

// auditField is a field's name and, behind a NUL, the key of its entry.
type auditField string

func (f auditField) field() string { field, _, _ := strings.Cut(string(f), "\x00"); return field }
func (f auditField) key() string   { _, key, _ := strings.Cut(string(f), "\x00"); return key }

func auditFields(state string) map[auditField]AuditValue {
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(state))
	decoder.UseNumber()
	if state == "" || decoder.Decode(&object) != nil {
		return nil
	}
	out := map[auditField]AuditValue{}
	for name, value := range object {
		entries, ok := value.(map[string]any)
		if !ok {
			out[auditField(name)] = auditValue(value)
			continue
		}
		for key, entry := range entries {
			out[auditField(name+"\x00"+key)] = auditValue(entry)
		}
	}
	return out
}

func auditValue(value any) AuditValue {
	switch v := value.(type) {
	case nil:
		return AuditValue{}
	case bool:
		text := "false"
		if v {
			text = "true"
		}
		return AuditValue{Kind: AuditFlag, Text: text}
	case json.Number:
		return AuditValue{Kind: AuditNumber, Text: v.String()}
	case string:
		if v == "" {
			return AuditValue{}
		}
		return AuditValue{Kind: AuditText, Text: v}
	case []any:
		return AuditValue{Kind: AuditList, List: auditItems(v)}
	}
	text, _ := json.Marshal(value) // came from JSON, so it cannot fail
	return AuditValue{Kind: AuditText, Text: string(text)}
}

func auditItems(list []any) []string {
	items := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			raw, _ := json.Marshal(item)
			text = string(raw)
		}
		items = append(items, text)
	}
	return items
}

// sharedState names what the other side of a share may read of the states that an
// event carries, by the noun of its action. Of a share that is what it was given;
// of functions, documents and files what a borrower did itself. Whatever is not
// named here stays with the app that the event belongs to.
var sharedState = map[string][]string{
	"share":      {"owner", "grantee", "grants", "note", "until", "paused"},
	"function":   {"version", "digest", "timeout", "memory", "concurrency", "variables"},
	"collection": {"documents"}, "index": {"fields", "unique"}, "document": {"id", "version"},
	"documents": {"file", "format", "mode", "bytes", "filter"}, "transfer": {"file", "status"}, "file": {"path", "bytes", "type", "files"},
}

// SeenFrom returns the event as members of an app may read it: all of it for the
// app that it belongs to, for the other side of a share what concerns it (S14).
func (e AuditEvent) SeenFrom(app string) AuditEvent {
	if app == e.AppID {
		return e
	}
	fields, known := sharedState[e.Action.Noun()]
	if !known {
		e.Subject, e.Before, e.After = "", "", ""
		return e
	}
	e.Before, e.After = onlyFields(e.Before, fields), onlyFields(e.After, fields)
	return e
}

// onlyFields keeps the named fields of a state.
func onlyFields(state string, fields []string) string {
	var object map[string]json.RawMessage
	if state == "" || json.Unmarshal([]byte(state), &object) != nil {
		return ""
	}
	maps.DeleteFunc(object, func(name string, _ json.RawMessage) bool { return !slices.Contains(fields, name) })
	if len(object) == 0 {
		return ""
	}
	text, _ := json.Marshal(object) // came from JSON, so it cannot fail
	return string(text)
}
