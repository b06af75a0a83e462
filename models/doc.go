// Package models holds the nouns of EnvShare, their validation and the rules of
// who may do what with whom, as pure functions over facts.
//
// It knows DESIGN.md sections 1 to 4. It must not know anything outside the
// standard library: no clock (callers pass the time), no SQL, no HTTP.
package models
