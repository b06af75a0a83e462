// Package rules holds the pages of security rules, with the simulator and the access of an environment.
// Like all of views it prints what handlers decided and formatted.
package rules
