// Package oidc signs people in with accounts of an OpenID provider: discovery,
// the authorization code flow with PKCE, state and nonce, and a verified ID token.
//
// It knows the protocol. It must not know sessions, cookies, our users, or whom an
// account signs in as.
package oidc
