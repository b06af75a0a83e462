// Package session knows who is signed in to the console, and keeps what must
// survive a redirect. It puts gorilla/sessions before a store on the server, so
// that signing out and revoking are real: the cookie holds nothing but a number.
//
// It knows the cookie, the life of a session and the data it keeps. It must not
// know passwords, roles, pages, or who implements Records.
package session
