// Package ui holds the parts that pages are made of: forms and fields, buttons,
// tables, tags, dialogs, menus, icons.
//
// It knows HTML, accessibility wiring and class names. It must not know any noun
// of ours, any address, or who may do what. Texts arrive ready to print; the few
// words that belong to a part itself come from the catalogues.
package ui
