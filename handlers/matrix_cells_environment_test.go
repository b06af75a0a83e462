package handlers_test

import (
	"maps"

	"envshare/models"
)

// cellsOfFunctions are the routes of cloud functions.
func cellsOfFunctions() map[string]cell {
	const list, one = "/apps/:app/envs/:env/functions", "/apps/:app/envs/:env/functions/:name"
	operate := func(location string, fields ...string) cell {
		return does(viewers, location, fields...).of(models.FunctionsOperate)
	}
	cells := map[string]cell{
		"POST " + list:                     operate(list+"/fresh", "name", "fresh", "template", "hello"),
		"GET " + one + "/files/rename":     shows(viewers).of(models.FunctionsOperate).asking("?file=index.js"),
		"GET " + one + "/files/delete":     shows(viewers).of(models.FunctionsOperate).asking("?file=index.js"),
		"GET " + one + "/logs/:invocation": shows(viewers).of(models.FunctionsView),
		"GET " + one + "/monitoring":       shows(viewers).of(models.StatisticsView).and(models.FunctionsView),
		"POST " + one + "/delete":          operate(list),
		"POST " + one + "/run": does(viewers, "", "event", "{").of(models.FunctionsInvoke).
			trying(422, "a malformed event: nothing runs functions here, TestS9BorrowedFunctions and TestRunFunction do"),
		"POST " + one + "/events":               operate(one+"?event=*", "name", "two", "event", "{}"),
		"POST " + one + "/events/:event/delete": operate(one),
		"POST " + one + "/code":                 operate(one+"/code?file=index.js", "file", "index.js", "content", "exports.main = 1", "seen", ":seen"),
		"POST " + one + "/deploy":               operate(one+"/code", "over", ":running-version").uploading("files", "index.js", "exports.main = 2"),
		"POST " + one + "/files":                operate(one+"/code?file=fresh.js", "path", "fresh.js"),
		"POST " + one + "/files/rename":         operate(one+"/code?file=renamed.js", "file", "index.js", "path", "renamed.js"),
		"POST " + one + "/files/delete":         operate(one+"/code", "file", "index.js"),
		"POST " + one + "/files/restore":        operate(one+"/code", "file", "more.js"),
		"POST " + one + "/draft":                operate(one+"/code", "over", ":running-version"),
		"POST " + one + "/draft/discard":        operate(one + "/code"),
		"POST " + one + "/draft/take-in":        operate(one + "/draft"),
		"POST " + one + "/rollback":             operate(one+"/versions", "version", "1", "over", ":running-version"),
		"POST " + one + "/configure":            operate(one+"/configure", "timeout", "5", "memory", "128", "concurrency", "1"),
	}
	for _, path := range []string{
		list, one, one + "/run", one + "/events", one + "/code", one + "/download", one + "/configure", one + "/logs", one + "/versions", one + "/versions/compare",
	} {
		cells["GET "+path] = shows(viewers).of(models.FunctionsView)
	}
	for _, path := range []string{list + "/new", one + "/delete", one + "/deploy", one + "/draft", one + "/draft/discard", one + "/files/new", one + "/rollback"} {
		cells["GET "+path] = shows(viewers).of(models.FunctionsOperate)
	}
	maps.Copy(cells, cellsOfRules("/apps/:app/envs/:env/settings/access/functions", models.SettingsView, ":rule-calls", `{"*":{"invoke":true},"hello":{"invoke":false}}`))
	return cells
}

// cellsOfRules are the routes of a security rule, which its owner alone changes.
func cellsOfRules(at string, view models.Permission, version, text string) map[string]cell {
	rule := []string{"preset", "custom", "text", text}
	simulation := append([]string{"caller", "miniprogram", "openid", "o", "appid", shop, "operation", "read", "query", "{}", "function", "hello", "id", "a.txt"}, rule...)
	return map[string]cell{
		"GET " + at:                shows(viewers).of(view),
		"GET " + at + "/check":     shows(viewers).of(view),
		"GET " + at + "/simulate":  shows(viewers).of(view),
		"POST " + at:               does(administrators, at, rule...).ownersAlone(),
		"POST " + at + "/restore":  does(administrators, at, "version", version).ownersAlone(),
		"POST " + at + "/check":    does(administrators, "", rule...).ownersAlone().trying(200, "the rule is judged, not stored"),
		"POST " + at + "/simulate": does(administrators, "", simulation...).ownersAlone().trying(200, "the rule is tried, not stored"),
	}
}

// cellsOfData are the routes of the document database and of files.
func cellsOfData() map[string]cell {
	const list, one, files = "/apps/:app/envs/:env/database", "/apps/:app/envs/:env/database/:name", "/apps/:app/envs/:env/storage"
	view, operate := shows(viewers).of(models.DatabaseView), shows(viewers).of(models.DatabaseOperate)
	does := func(p models.Permission, location string, fields ...string) cell {
		return does(viewers, location, fields...).of(p)
	}
	cells := map[string]cell{
		"GET " + list:                                view,
		"GET " + one:                                 view,
		"GET " + one + "/documents/:document":        view,
		"GET " + one + "/indexes":                    view,
		"GET " + one + "/transfers":                  view,
		"GET " + one + "/delete":                     operate,
		"GET " + one + "/documents/new":              operate,
		"GET " + one + "/documents/:document/delete": operate,
		"GET " + one + "/indexes/delete":             operate.asking("?index=n_1"),
		"GET " + one + "/transfers/:transfer/file":   operate,

		"POST " + list:                                does(models.DatabaseOperate, list+"/fresh", "name", "fresh"),
		"POST " + one + "/delete":                     does(models.DatabaseOperate, list, "name", ":name"),
		"POST " + one + "/documents":                  does(models.DatabaseOperate, one, "text", `{"n":2}`),
		"POST " + one + "/documents/:document":        does(models.DatabaseOperate, one, "text", `{"n":2}`, "version", ":revision"),
		"POST " + one + "/documents/:document/delete": does(models.DatabaseOperate, one, "version", ":revision"),
		"POST " + one + "/indexes":                    does(models.DatabaseOperate, one+"/indexes", "fields", "m:1"),
		"POST " + one + "/indexes/delete":             does(models.DatabaseOperate, one+"/indexes", "index", "n_1"),
		"POST " + one + "/transfers/export":           does(models.DatabaseOperate, one+"/transfers", "format", "json"),
		"POST " + one + "/transfers/import":           does(models.DatabaseOperate, one+"/transfers", "mode", "insert").uploading("file", "more.csv", "_id,n\nd2,6\n"),
		"POST " + one + "/transfers/:transfer/cancel": does(models.DatabaseOperate, one+"/transfers").naming(":transfer", ":running"),
		"POST " + one + "/transfers/:transfer/resume": does(models.DatabaseOperate, one+"/transfers").naming(":transfer", ":failed"),

		"GET " + files:              shows(viewers).of(models.StorageView),
		"GET " + files + "/file":    shows(viewers).of(models.StorageView).asking("?path=a.txt"),
		"GET " + files + "/open":    leadsTo(viewers, "http*").of(models.StorageView).asking("?path=a.txt"),
		"GET " + files + "/move":    shows(viewers).of(models.StorageOperate).asking("?path=a.txt"),
		"GET " + files + "/delete":  shows(viewers).of(models.StorageOperate).asking("?path=a.txt"),
		"POST " + files:             does(models.StorageOperate, files+"?folder=docs%2F", "folder", "docs").uploading("files", "b.txt", "b"),
		"POST " + files + "/move":   does(models.StorageOperate, files+"/file?path=b.txt", "from", "a.txt", "to", "b.txt"),
		"POST " + files + "/delete": does(models.StorageOperate, files, "path", "a.txt"),
	}
	maps.Copy(cells, cellsOfRules(one+"/rules", models.DatabaseView, ":rule-hello", `{"read":false,"write":false}`))
	maps.Copy(cells, cellsOfRules(files+"/rules", models.StorageView, ":rule-bucket", `{"read":false,"write":false}`))
	return cells
}
