// Package docdb keeps documents: collections, queries, updates, aggregation,
// indexes and transactions, on SQLite and on PostgreSQL alike (ADR 5).
//
// It runs what was already authorised and must not know who is asking. Documents
// are raw BSON; a superset of what a condition matches is read in the order of an
// index, and the matcher decides every document.
package docdb
