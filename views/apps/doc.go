// Package apps holds the list of apps, the overview of an environment, and the pages on which environments
// are chosen, created and restored.
// Like all of views it prints what handlers decided and formatted.
package apps
