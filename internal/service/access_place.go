package service

import (
	"envshare/internal/rules"
	"envshare/models"
)

// RulePlace is where in the JSON text of rules an error lies, and what is wrong.
type RulePlace struct {
	Key          string // whose rule is wrong, "" when it is none's
	Line, Column int    // from 1; 0 when there is no place
	Msg          models.Msg
}

// PlaceOfRule says what is wrong with rules that SaveRule or CheckRule refused as
// invalid, and where.
func PlaceOfRule(text string, err error) RulePlace {
	at, _ := rules.PlaceIn(text, err)
	out := RulePlace{Key: at.Key, Line: at.Line, Column: at.Column, Msg: models.MsgOf(err)}
	if inner, ok := models.FieldErrors(err)[at.Key]; ok {
		out.Msg = inner
	}
	return out
}
