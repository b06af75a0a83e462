package models

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// FunctionEvent is an event kept under a name, to test a function with.
type FunctionEvent struct {
	ID         string `gorm:"primaryKey"`
	FunctionID string
	Name       string
	Content    string // JSON text
	Revision   int    // counts its changes, from 1
	UpdatedBy  string // user name
	UpdatedAt  time.Time
}

// Limits of the events kept for one function.
const (
	MaxFunctionEvents    = 50
	maxFunctionEventName = 60 // characters
	maxFunctionEventSize = 64 << 10
)

// Validate checks name and content.
func (e FunctionEvent) Validate() error {
	f := Fields{}
	switch {
	case strings.TrimSpace(e.Name) == "":
		f.Add("name", "error.required")
	case utf8.RuneCountInString(e.Name) > maxFunctionEventName:
		f.Add("name", "error.too_long", "max", maxFunctionEventName)
	case strings.ContainsFunc(e.Name, unicode.IsControl):
		f.Add("name", "error.control_characters")
	}
	switch {
	case len(e.Content) > maxFunctionEventSize:
		f.Add("event", "error.event_too_large", "kb", maxFunctionEventSize>>10)
	case !json.Valid([]byte(e.Content)):
		f.Add("event", "error.event_json")
	}
	return f.Err()
}
