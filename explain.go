package main

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"envshare/internal/i18n"
	"envshare/models"
)

// explain turns an error into one line for the person at the terminal.
func explain(err error) string {
	var known *models.Error
	if !errors.As(err, &known) || known.Code == models.CodeInternal {
		return oneLine(err.Error())
	}
	text := i18n.Text(i18n.English, known.Msg.Key, known.Msg.Args)
	if len(known.Fields) > 0 {
		text = ""
		for _, field := range slices.Sorted(maps.Keys(known.Fields)) {
			msg := known.Fields[field]
			text += field + ": " + i18n.Text(i18n.English, msg.Key, msg.Args) + " "
		}
		text = strings.TrimSpace(text)
	}
	if known.Detail != "" {
		text += " " + known.Detail
	}
	return oneLine(contextOf(err, known) + text)
}

// oneLine joins the lines of a text, such as what npm or a driver said.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
}

// contextOf returns what was wrapped around a known error, such as the place in
// a manifest.
func contextOf(err error, known *models.Error) string {
	whole, inner := err.Error(), known.Error()
	if len(whole) > len(inner) && whole[len(whole)-len(inner):] == inner {
		return whole[:len(whole)-len(inner)]
	}
	return ""
}
