package paths

import "net/url"

// DenialQuery narrows the list of denials; "" is any.
type DenialQuery struct {
	Borrowed            bool
	Caller, Environment string
	Code                string
	Owner               string // the app whose environments they are
}

// Denials is the list of what was refused in an app's environments, or to it.
func Denials(app string, q DenialQuery) string {
	v := url.Values{}
	if q.Borrowed {
		v.Set("tab", "with-me")
	}
	setEach(v, "caller", q.Caller, "env", q.Environment, "code", q.Code, "owner", q.Owner)
	return withValues(join("apps", app, "denials"), v)
}

// Question is a call that the explainer is asked about; what is empty is left to
// the page.
type Question struct {
	Plane, Caller, Environment, Operation, Resource string
	Role                                            string // of a person in the console
	Visitor                                         bool
	// Ask shows the answer, not only the form.
	Ask bool
}

// Explain is the page that says how a call is decided.
func Explain(app string, q Question) string {
	v := url.Values{}
	setEach(v, "plane", q.Plane, "caller", q.Caller, "env", q.Environment, "operation", q.Operation, "resource", q.Resource, "role", q.Role)
	if q.Visitor {
		v.Set("person", "visitor")
	}
	if q.Ask {
		v.Set("ask", "1")
	}
	return withValues(join("apps", app, "explain"), v)
}

// setEach sets those of alternating names and values that are not empty.
func setEach(v url.Values, namesAndValues ...string) {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			v.Set(namesAndValues[i], namesAndValues[i+1])
		}
	}
}

func withValues(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// Styleguide shows the parts of which pages are made; the name of a page of it,
// "" for the first.
func Styleguide(name string) string {
	if name == "" {
		return join("styleguide")
	}
	return join("styleguide", name)
}
