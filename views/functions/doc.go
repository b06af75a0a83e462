// Package functions holds the pages of functions: list, code, versions, configuration, runs, logs, monitoring.
// Like all of views it prints what handlers decided and formatted.
package functions
