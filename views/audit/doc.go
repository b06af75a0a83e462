// Package audit holds the audit log, of an app and of the installation.
// Like all of views it prints what handlers decided and formatted.
package audit
