// Package shares holds the pages of sharing: lists, form, map, one share, and what asks before a share ends.
// Like all of views it prints what handlers decided and formatted.
package shares
