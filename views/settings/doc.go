// Package settings holds the settings of an app and of an environment, and the frame around them.
// Like all of views it prints what handlers decided and formatted.
package settings
