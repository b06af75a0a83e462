// Package usage holds the statistics of an environment and its visitors.
// Like all of views it prints what handlers decided and formatted.
package usage
