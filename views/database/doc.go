// Package database holds the pages of the database: collections, documents, indexes, imports and exports.
// Like all of views it prints what handlers decided and formatted.
package database
