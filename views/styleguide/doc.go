// Package styleguide holds the page that shows the parts of views/ui, in development.
// Like all of views it prints what handlers decided and formatted.
package styleguide
