package service

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"envshare/models"
)

// SettingsOf returns the configuration of a function.
func SettingsOf(f models.Function) FunctionSettings {
	return FunctionSettings{TimeoutSeconds: f.TimeoutSeconds, MemoryMB: f.MemoryMB, Concurrency: f.Concurrency, Variables: f.Variables}
}

// Digest tells configurations apart. Variables are often secrets: it is for who
// may see them.
func (f FunctionSettings) Digest() string {
	if f.Variables == nil {
		f.Variables = map[string]string{}
	}
	text, err := json.Marshal(f) // names sorted
	if err != nil {
		return "" // numbers and texts always are JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
