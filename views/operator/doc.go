// Package operator holds the pages of who runs the installation.
// Like all of views it prints what handlers decided and formatted.
package operator
