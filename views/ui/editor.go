package ui

import (
	"context"
	"encoding/json"
	"strings"

	"envshare/internal/i18n"
)

// editorTexts are what the code editor says, by the name under which
// static/editor/editor.js asks for it: its own and those of CodeMirror.
var editorTexts = map[string]string{
	"hint":               "editor.hint",
	"Find":               "editor.find",
	"Replace":            "editor.replace",
	"next":               "editor.next",
	"previous":           "editor.previous",
	"all":                "editor.all",
	"match case":         "editor.match_case",
	"regexp":             "editor.regexp",
	"by word":            "editor.by_word",
	"replace":            "editor.replace_one",
	"replace all":        "editor.replace_all",
	"close":              "ui.close",
	"current match":      "editor.current_match",
	"on line":            "editor.on_line",
	"replaced $ matches": "editor.replaced_matches",
	"Go to line":         "editor.go_to_line",
	"go":                 "editor.go",
	"Fold line":          "editor.fold",
	"Unfold line":        "editor.unfold",
	"Completions":        "editor.completions",
}

// editorWords are the texts in the reader's language, as JSON.
func editorWords(ctx context.Context) string {
	words := make(map[string]string, len(editorTexts))
	for name, key := range editorTexts {
		words[name] = i18n.T(ctx, key)
	}
	text, err := json.Marshal(words)
	if err != nil {
		return "{}" // texts always are JSON
	}
	return string(text)
}

// text is the value as it stands in the page: a reader of HTML drops one line
// break at the beginning.
func (p TextareaProps) text() string {
	if strings.HasPrefix(p.Value, "\n") || strings.HasPrefix(p.Value, "\r\n") {
		return "\n" + p.Value
	}
	return p.Value
}
