package paths

import (
	"net/url"
	"strconv"
)

// query returns an address with the values that are not empty: names and values
// alternate.
func query(address string, namesAndValues ...string) string {
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

// FunctionsQuery is the functions whose name holds a text.
func FunctionsQuery(app, env, text string) string { return query(Functions(app, env), "q", text) }

// FunctionWith is one function, with a kept event loaded.
func FunctionWith(app, env, name, event string) string {
	return query(Function(app, env, name), "event", event)
}

// FunctionEvents takes events that are to be kept.
func FunctionEvents(app, env, name string) string { return Function(app, env, name) + "/events" }

// DeleteFunctionEvent forgets a kept event.
func DeleteFunctionEvent(app, env, name, event string) string {
	return FunctionEvents(app, env, name) + join(event, "delete")
}

// FunctionFiles takes files for a function's working copy.
func FunctionFiles(app, env, name string) string { return Function(app, env, name) + "/files" }

// NewFunctionFile is the form that adds a file to a working copy.
func NewFunctionFile(app, env, name string) string { return FunctionFiles(app, env, name) + "/new" }

// RenameFunctionFile gives a file of a working copy another path.
func RenameFunctionFile(app, env, name, file string) string {
	return query(FunctionFiles(app, env, name)+"/rename", "file", file)
}

// DeleteFunctionFile asks, and takes a file out of a working copy.
func DeleteFunctionFile(app, env, name, file string) string {
	return query(FunctionFiles(app, env, name)+"/delete", "file", file)
}

// RestoreFunctionFile undoes what was done to a file of a working copy.
func RestoreFunctionFile(app, env, name string) string {
	return FunctionFiles(app, env, name) + "/restore"
}

// FunctionDraft shows what deploying a working copy changes, and deploys it.
func FunctionDraft(app, env, name string) string { return Function(app, env, name) + "/draft" }

// DiscardFunctionDraft asks, and forgets a working copy.
func DiscardFunctionDraft(app, env, name string) string {
	return FunctionDraft(app, env, name) + "/discard"
}

// TakeInFunctionDraft puts a working copy over the version that runs now.
func TakeInFunctionDraft(app, env, name string) string {
	return FunctionDraft(app, env, name) + "/take-in"
}

// CompareVersions shows what changed between two versions.
func CompareVersions(app, env, name, from, to string) string {
	return query(FunctionVersions(app, env, name)+"/compare", "from", from, "to", to)
}

// RollBackTo asks before an older version becomes the deployed one.
func RollBackTo(app, env, name, version string) string {
	return query(RollBackFunction(app, env, name), "version", version)
}

// LogQuery chooses runs of a function.
type LogQuery struct {
	Status, RequestID, Text string
	Paused                  bool   // does not follow what comes
	Since                   string // the newest run that is shown already
}

// Logs is the runs of a function that a query chooses.
func Logs(app, env, name string, q LogQuery) string {
	paused := ""
	if q.Paused {
		paused = strconv.Itoa(1)
	}
	return query(Invocations(app, env, name), "status", q.Status, "id", q.RequestID, "q", q.Text, "paused", paused, "since", q.Since)
}
