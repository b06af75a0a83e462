package models

import "slices"

// ClientPolicy is what an environment's owner decided about clients.
type ClientPolicy struct {
	// Unauthenticated lets clients in that are not logged in (C6).
	Unauthenticated bool
	// Origins are the web pages that may call, as browsers name them. None listed
	// means no page of another origin than the gateway's.
	Origins []string
}

// VisitFacts is what decides a call of a client that is not logged in.
type VisitFacts struct {
	// Env is the environment that the call names, Owner its app, "" for none.
	Env, Owner string
	// ResourceAppID is the app that the call says it belongs to.
	ResourceAppID string
	Policy        ClientPolicy
	// Origin is the page that calls, "" when it is no web page, or one of the
	// gateway's own.
	Origin string
}

// MayVisit decides a call without login (C6): its owner let such calls in, from
// this page. A refusal does not tell whether the environment exists. Security
// rules decide after it.
func MayVisit(f VisitFacts) Decision {
	return decide(func(a Answer) { VisitSteps(f, a) })
}

// AllowsOrigin reports whether a page may call; "" is no page.
func (p ClientPolicy) AllowsOrigin(origin string) bool {
	return origin == "" || slices.Contains(p.Origins, origin)
}
