package models

import "strings"

// MaxCollections bounds the collections of one environment.
const MaxCollections = 5000

const maxCollectionName = 128

// CheckCollectionName says what is wrong with the name of a collection, nil for
// a good one: a letter or underscore, then letters, digits, hyphens, underscores
// and dots, 128 bytes at most. Names that begin with "system." belong to the
// engine.
func CheckCollectionName(name string) error {
	if name == "" || len(name) > maxCollectionName || strings.HasPrefix(name, "system.") {
		return E(CodeInvalid, "error.collection_name", "max", maxCollectionName)
	}
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		inner := c >= '0' && c <= '9' || c == '-' || c == '.'
		if !letter && (i == 0 || !inner) {
			return E(CodeInvalid, "error.collection_name", "max", maxCollectionName)
		}
	}
	return nil
}
