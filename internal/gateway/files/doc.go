// Package files takes in uploads and delivers downloads over HTTP, as the SDKs
// expect of the vendor's object storage (admin protocol, section 10).
//
// It knows HTTP. A ticket in the address decides everything else; it must not
// know who may read or write.
package files
