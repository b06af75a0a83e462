// Package handlers answers the console's pages: it reads a request, calls a use
// case, builds a page's struct, and renders or redirects.
//
// It knows routes, forms and which page shows what. It must not know the store,
// compare roles or owners, or call another handler: decisions arrive with what
// the services return, and models makes them.
package handlers
