package ui

import "crypto/rand"

// OffProps describes something that cannot be used now.
type OffProps struct {
	Label string
	Why   string // what is missing and who can give it, a sentence
	Class string // of the thing, beside what makes it look off
}

// newID returns an id that no other element has: the same thing may be off for the
// same reason in every row of a table, and htmx adds rows to a page later.
func newID() string { return "why-" + rand.Text() }
