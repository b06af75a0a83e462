// Package render turns a templ component into a response: a page, or the part of
// it that htmx asked for.
//
// It knows headers, languages and what every page carries. It must not know any
// page, nor decide what somebody may see.
package render
