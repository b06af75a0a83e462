// Package views holds the console's pages: one struct and one template each, and
// the layout around them.
//
// It knows how a page looks and which texts of the catalogues it uses. It must
// not know requests, sessions, services or stores: a handler fills the structs
// with values that are ready to print and with decisions that were already made.
package views
