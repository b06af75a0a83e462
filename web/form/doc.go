// Package form reads what a browser sends: the fields of a form, and the local
// address to go back to.
//
// It knows encodings, bounds and conversions. It must not know what a field
// means: rules are the Validate methods of models.
package form
