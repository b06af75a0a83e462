// Package query reads the conditions, sorts and projections of the protocol and
// decides documents by them, with MongoDB's semantics.
//
// It knows raw BSON and which keys of an index a match can have. It must not know
// tables, indexes or who is asking.
package query
