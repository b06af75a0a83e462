// Package signin holds the pages of people who are not signed in yet: sign-in, first set-up, invitations.
// Like all of views it prints what handlers decided and formatted.
package signin
