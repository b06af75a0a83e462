package rules_test

import (
	"testing"

	"envshare/internal/rules"
)

func TestPlaceInText(t *testing.T) {
	for text, want := range map[string]rules.TextPlace{
		"{\n  \"read\": true,\n  \"write\": \"doc.a == \"\n}": {Key: "write", Line: 3, Column: 22},
		`{"read": "doc.a == nope"}`:                           {Key: "read", Line: 1, Column: 20},
		`{"read": "doc.a == \"é\" && nope"}`:                  {Key: "read", Line: 1, Column: 29},
		`{"read": "doc.a == '\u4f60\ud83d\ude00' && nope"}`:   {Key: "read", Line: 1, Column: 44},
		"{\n \"read\": true, \"reed\": true}":                 {Key: "reed", Line: 2, Column: 16},
		`{"read": true, "read": false}`:                       {Key: "read", Line: 1, Column: 16},
		`{"read": 1}`:                                         {Key: "read", Line: 1, Column: 2},
		"{\"read\": true,\n oops}":                            {Line: 2, Column: 2},
		`[]`:                                                  {Line: 1, Column: 2},
	} {
		_, err := rules.ParseSet(rules.Database, text)
		if got, ok := rules.PlaceIn(text, err); !ok || got != want {
			t.Errorf("%s: %v, %v of %v", text, got, ok, err)
		}
	}
	for text, want := range map[string]rules.TextPlace{
		"{\"*\": {\"invoke\": true},\n\"pay.now\": {\"invoke\": \"auth.openid\"}}":    {},
		"{\"*\": {\"invoke\": true},\n\"pay.now\": {\"invoke\": \"auth.oops == 1\"}}": {Key: "pay.now.invoke", Line: 2, Column: 24},
		`{"*": {"invoke": true}, "pay": true}`:                                        {Key: "pay", Line: 1, Column: 25},
		`{"*": {"invoke": true}, "pay": {}}`:                                          {Key: "pay", Line: 1, Column: 25},
	} {
		_, err := rules.ParseFunctions(text)
		if got, _ := rules.PlaceIn(text, err); got != want {
			t.Errorf("%s: %v of %v", text, got, err)
		}
	}
	// The text has no key that could be shown.
	_, err := rules.ParseFunctions(`{"pay": {"invoke": true}}`)
	if got, ok := rules.PlaceIn(`{"pay": {"invoke": true}}`, err); ok || got.Key != "*" {
		t.Errorf("%v, %v", got, ok)
	}
}
