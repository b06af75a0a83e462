package models

import (
	"slices"
	"strings"
)

// InvocationFilter chooses invocations of one function. The zero value chooses
// all of them.
type InvocationFilter struct {
	Status    InvocationStatus // "" for every one
	Failed    bool             // every status but success
	RequestID string           // the whole of it
	Text      string           // stands in the console output or the error
}

// SearchedInvocations is in how many of the newest invocations text is looked
// for: their logs may be long, and are in no index.
const SearchedInvocations = 2000

const maxFilterText = 200

// InvocationStatuses are the ways in which an invocation ends, success first.
func InvocationStatuses() []InvocationStatus {
	return []InvocationStatus{
		InvocationOK, InvocationFailed, InvocationTimedOut, InvocationOutOfMemory, InvocationTooLarge, InvocationOverloaded,
	}
}

// Clamped returns the filter with an unknown status left out and its texts cut
// short.
func (f InvocationFilter) Clamped() InvocationFilter {
	if !slices.Contains(InvocationStatuses(), f.Status) {
		f.Status = ""
	}
	cut := func(s string) string {
		runes := []rune(strings.TrimSpace(s))
		return string(runes[:min(len(runes), maxFilterText)])
	}
	f.RequestID, f.Text = cut(f.RequestID), cut(f.Text)
	return f
}
