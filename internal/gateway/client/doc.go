// Package client is the endpoint of the client SDK (@wxcloud/cloud-sdk): web pages
// and mini programs, with and without login (client protocol).
//
// It knows the protocol's envelope, names and numbers, and which page may read an
// answer. It must not know who may do what: the services decide.
package client
