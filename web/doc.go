// Package web is the HTTP shell that the console's pages stand on: the order of
// middleware, error pages, static files, health, and the choice of language and
// theme. Its toolkits are web/session, web/render and web/form.
//
// It knows HTTP. It must not know any page or handler, any rule, or the data
// plane, which listens elsewhere: functions and files can answer with any HTML,
// and that must never share an origin with the console.
package web
