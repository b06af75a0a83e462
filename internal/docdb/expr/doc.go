// Package expr reads and evaluates aggregation expressions on raw BSON, with
// MongoDB's semantics.
//
// It knows operators, variables and types. It must not know stages, collections
// or who is asking.
package expr
