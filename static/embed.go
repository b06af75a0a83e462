// Package static holds the files that a browser loads: the compiled style sheet,
// scripts and icons.
//
// It knows their bytes. It must not know their addresses, templates or anything
// else of ours.
package static

import "embed"

// FS holds css/app.css, icons/favicon.svg, our scripts in js, and those of others in
// js/vendor: copied or bundled there by the build from locked npm packages, so
// absent in a tree that was never built. Sources of the bundles are in editor and
// bundles.
//
//go:embed css/app.css js icons
var FS embed.FS
