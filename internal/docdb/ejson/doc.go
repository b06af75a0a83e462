// Package ejson reads and writes the extended JSON of the admin protocol, section
// 6: documents as BSON on this side, JSON text on the other.
//
// It knows the forms that the SDKs send and read. It must not know collections,
// queries or who is asking.
package ejson
