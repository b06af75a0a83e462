//go:build race

package rules_test

// raceFactor allows for what the race detector costs.
const raceFactor = 10
