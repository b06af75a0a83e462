// Package wechatsim is a simulator of WeChat's login for development, the demo
// and tests: it answers the HTTP calls of the driver in package wechat, and shows
// an authorisation page on which a developer chooses which person to be. Whoever
// reaches it can be anybody, so nothing but a deliberate switch may serve it.
//
// Persons have an openid per app and a unionid per principal that stay the same
// for ever. Not simulated: what WeChat's own tokens are good for beyond a ticket
// (/sns/userinfo and the like), renewal by force, and WeChat's limits on calls.
//
// It knows the calls, and asks functions about apps. It must not know sessions,
// our tables, or where it is served: it works below any prefix that the caller
// strips.
package wechatsim
