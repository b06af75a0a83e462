package paths

import "net/url"

// Visitors is 用户管理: the end users who were seen in an environment.
func Visitors(app, env string) string { return join("apps", app, "envs", env, "users") }

// VisitorsQuery is Visitors, of one app, "" for all, whose ids have a part.
func VisitorsQuery(app, env, from, search string) string {
	return withQuery(Visitors(app, env), "from", from, "search", search)
}

// Visitor is one end user.
func Visitor(app, env, visitor string) string { return Visitors(app, env) + join(visitor) }

// SignOutVisitor asks, and ends the access of an end user.
func SignOutVisitor(app, env, visitor string) string { return Visitor(app, env, visitor) + "/signout" }

// Statistics is 统计分析 of an environment.
func Statistics(app, env string) string { return join("apps", app, "envs", env, "statistics") }

// StatisticsTable is the figures as a file.
func StatisticsTable(app, env string) string { return Statistics(app, env) + "/table" }

// FunctionMonitoring is how a function does.
func FunctionMonitoring(app, env, name string) string {
	return Function(app, env, name) + "/monitoring"
}

// Usage is Statistics, StatisticsTable or FunctionMonitoring of a range, and of one
// caller, "" for all.
func Usage(address, period, caller string) string {
	return withQuery(address, "range", period, "caller", caller)
}

// withQuery adds names and values, leaving empty ones out.
func withQuery(address string, namesAndValues ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			q.Set(namesAndValues[i], namesAndValues[i+1])
		}
	}
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}
