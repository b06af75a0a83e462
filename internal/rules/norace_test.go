//go:build !race

package rules_test

const raceFactor = 1
