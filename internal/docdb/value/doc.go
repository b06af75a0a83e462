// Package value knows single BSON values: their order, their numbers, the bytes
// that an index keeps of them, and how a dotted path finds them in a raw document.
// It works on encoded BSON and allocates nothing on the way of a scan.
//
// It must not know operators, collections, storage or who is asking. The zero
// bson.RawValue (type 0) means "missing" everywhere. No function here panics on
// malformed BSON: what cannot be read counts as missing or ends an iteration.
package value
