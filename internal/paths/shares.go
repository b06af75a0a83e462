package paths

import "net/url"

// ShareQuery says which shares of an app are listed, and in which order.
type ShareQuery struct {
	WithMe                                     bool // what is shared with the app
	Text, State, Environment, Permission, Sort string
}

// SharesQuery is the list of shares that a query finds.
func SharesQuery(app string, q ShareQuery) string {
	v := url.Values{}
	if q.WithMe {
		v.Set("tab", "with-me")
	}
	for key, value := range map[string]string{"q": q.Text, "state": q.State, "env": q.Environment, "perm": q.Permission, "sort": q.Sort} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if len(v) == 0 {
		return Shares(app)
	}
	return Shares(app) + "?" + v.Encode()
}

// ShareMap is the picture of who shares with whom, as seen from an app.
func ShareMap(app string) string { return join("apps", app, "shares", "map") }
