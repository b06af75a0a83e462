package handlers

import (
	"strings"
	"unicode/utf8"

	"envshare/models"
)

// documentError says for people what is wrong with a document that was typed: where
// in the text, and which value another document has already. Programs get the
// protocol's own words for the same errors.
func documentError(text string, said models.Msg) models.Msg {
	switch said.Key {
	case "docdb.json_syntax", "docdb.json_trailing":
		offset, ok := said.Args["position"].(int64)
		if !ok {
			return said
		}
		line, column := lineAndColumn(text, int(offset))
		return models.M("document.syntax", "line", line, "column", column)
	case "docdb.duplicate_key":
		return models.M("document.duplicate", "index", said.Args["index"], "key", said.Args["key"])
	}
	return said
}

// lineAndColumn returns where a byte of a text stands, both counted from 1, the
// column in characters.
func lineAndColumn(text string, offset int) (line, column int) {
	before := text[:max(0, min(offset, len(text)))]
	lastLine := before[strings.LastIndexByte(before, '\n')+1:]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(lastLine) + 1
}
