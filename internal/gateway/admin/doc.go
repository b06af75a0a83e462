// Package admin is the wire protocol of the server SDK: one endpoint, signed
// parameters in, one JSON object or protobuf message out.
//
// It knows how a request is signed and encoded, which service method an action
// means, and how an answer must look so that genuine, unmodified SDKs understand
// it. It must not know what a caller may do, or how a document, file or function
// is kept: services decide and act.
//
// The wire format is described in reference/admin-protocol.md; comments cite its
// sections as "admin protocol, section 3".
package admin
