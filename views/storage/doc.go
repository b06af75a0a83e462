// Package storage holds the pages of files.
// Like all of views it prints what handlers decided and formatted.
package storage
