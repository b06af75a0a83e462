// Package account holds the pages of somebody's own account: password, second factor, sessions, ways to sign
// in, preferences.
// Like all of views it prints what handlers decided and formatted.
package account
