// Package update reads update documents and carries them out on raw BSON, with
// MongoDB's semantics.
//
// It knows the operators of the protocol and what a stored document must satisfy.
// It must not know tables, transactions or who is asking.
package update
