// Package static holds the files that a browser loads: the compiled style sheet,
// scripts and icons.
//
// It knows their bytes. It must not know their addresses, templates or anything
// else of ours.
package static

import "embed"

// FS holds css/app.css, js/app.js, js/upload.js, js/editor.js, icons/favicon.svg, and
// js/vendor: htmx.min.js and editor.js (copied and bundled there by the build from
// locked npm packages, so absent in a tree that was never built; the editor's own
// source is editor/editor.js).
//
//go:embed css/app.css js icons
var FS embed.FS
