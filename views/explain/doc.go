// Package explain holds the access explainer and the list of refused calls that leads to it.
// Like all of views it prints what handlers decided and formatted.
package explain
