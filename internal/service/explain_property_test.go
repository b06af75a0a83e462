package service_test

import (
	"cmp"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// TestExplanationsAreTheDecisions asks about calls in generated worlds, makes them
// through the services as the gateway does, and compares codes: every operation,
// every kind of caller, both planes. ENVSHARE_EXPLAIN_SEED repeats a run.
func TestExplanationsAreTheDecisions(t *testing.T) {
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("ENVSHARE_EXPLAIN_SEED"), strconv.FormatInt(time.Now().UnixNano(), 10)), 10, 64)
	ok(t, err)
	w := newChance(t, seed)
	seen := map[models.Code]int{}
	for range 30 {
		env := pick(w, append(explainedEnvs, "good", "good", "good", "good", "nowhere")...)
		if env != "nowhere" {
			w.shake(env)
		}
		for _, o := range models.Operations(models.PlaneServer) {
			for _, caller := range []string{shop, mini, rival} {
				for _, plane := range []models.Plane{models.PlaneServer, models.PlaneClient} {
					q := w.question(env, caller, plane, o)
					if env == "nowhere" && caller != mini {
						continue
					}
					seen[w.compare(seed, q)]++
				}
			}
		}
	}
	for _, code := range []models.Code{
		"", models.CodeEnvNotShared, models.CodeSessionInvalid, models.CodePermissionMissing, models.CodeRuleDenied, models.CodeFunctionUnknown, models.CodeEnvUnknown,
	} {
		if seen[code] == 0 {
			t.Errorf("the worlds of seed %d never came to %q: %v", seed, code, seen)
		}
	}
}

// compare returns the code of a call, and complains when it was explained
// otherwise.
func (w *chance) compare(seed uint64, q service.Question) models.Code {
	w.t.Helper()
	asking := shop
	if q.EnvironmentID == "nowhere" {
		asking = mini
	}
	var before service.Explanation
	var err error
	if q.Plane == models.PlaneClient { // the call may change what it is about
		before, err = w.Services.Explainer.Ask(w.ctx(), testkit.Actor, asking, q)
		ok(w.t, err)
	}
	init := q.Operation == models.OperationInit && !q.Person.Visitor
	real := w.settled(q)
	if real == models.CodeFileUnknown { // the decision was made before
		real = ""
	}
	if q.Plane == models.PlaneServer || init { // it shows what cloudbase_auth says now
		before, err = w.Services.Explainer.Ask(w.ctx(), testkit.Actor, asking, q)
		ok(w.t, err)
	}
	explained := models.CodeOf(before.Err)
	if q.EnvironmentID == "nowhere" && real == models.CodeEnvUnknown {
		real = models.CodeEnvNotShared // one answer for both (C7)
	}
	failed := false
	for _, step := range before.Steps {
		failed = failed || step.Status == models.StepFailed
	}
	if explained != real || before.Allowed != (real == "") || failed == before.Allowed {
		text, _ := json.Marshal(q)
		w.t.Fatalf("seed %d: %s\nreal %q, explained %q, failed %v, certain %v\n%+v", seed, text, real, explained, failed, before.Certain, before.Steps)
	}
	return models.CodeOf(before.Err)
}

// settled is the code of a call that a busy machine did not cut short.
func (w *chance) settled(q service.Question) models.Code {
	w.t.Helper()
	for range 20 {
		switch code := models.CodeOf(w.call(q)); code {
		case models.CodeLimited, models.CodeFunctionTimedOut:
		default:
			return code
		}
	}
	w.t.Fatal("twenty calls in a row were cut short")
	return ""
}

// call makes the call of a question.
func (w *chance) call(q service.Question) error {
	if q.Plane == models.PlaneServer {
		return w.serverCall(q)
	}
	resource := q.ResourceAppID
	if resource == "" {
		resource = shop
	}
	c := service.ClientCall{ResourceAppID: resource, EnvironmentID: q.EnvironmentID, Origin: q.Origin, RequestID: w.serial()}
	if !q.Person.Visitor {
		c.Client = service.ClientOf(w.session(q.CallerAppID, q.Person.OpenID))
	}
	return w.clientCall(q, c)
}

func (w *chance) clientCall(q service.Question, c service.ClientCall) error {
	ctx, s := w.ctx(), w.Services.Clients
	d := service.ClientDocumentCall{ClientCall: c, Collection: q.Resource, ByID: q.ID != ""}
	query := q.Query
	if q.ID != "" {
		query = `{"_id":"` + q.ID + `"}`
	}
	var err error
	switch q.Operation {
	case models.OperationInit:
		if q.Person.Visitor {
			return models.MayVisit(w.visit(c)).Err()
		}
		_, err = s.Init(ctx, c)
	case "functions.invoke":
		_, err = s.Call(ctx, c, service.FunctionCall{Name: q.Resource, CallID: w.serial(), Event: json.RawMessage("{}"), Hold: 20 * time.Second})
	case "database.read":
		_, err = s.Find(ctx, d, service.ClientQuery{Query: query})
	case "database.aggregate":
		_, err = s.Aggregate(ctx, d, []service.DocumentStage{{Name: "$match", Value: query}})
	case "database.watch":
		watch, opened := s.Watch(ctx, d, service.WatchQuery{Query: query})
		if opened != nil {
			return opened
		}
		defer watch.Close()
		_, err = watch.Next(ctx)
	case "database.create":
		_, err = s.Add(ctx, d, q.Data)
	case "database.update":
		_, err = s.Update(ctx, d, query, `{"$set":`+q.Data+`}`, true)
	case "database.delete":
		_, err = s.Remove(ctx, d, query, true)
	case "storage.write":
		_, _, err = s.Upload(ctx, c, q.Resource)
	case "storage.read":
		return first(s.Download(ctx, c, []service.FileRequest{{FileID: models.FileID(q.EnvironmentID, q.Resource)}}))
	case "storage.delete":
		return first(s.DeleteFiles(ctx, c, []service.FileRequest{{FileID: models.FileID(q.EnvironmentID, q.Resource)}}))
	}
	return err
}

func first(list []service.FileResult, err error) error {
	if err != nil {
		return err
	}
	return list[0].Err
}

// ownEnv is an environment of each app, for a credential.
var ownEnv = map[string]string{shop: "good", mini: "mini-main", rival: "rival-main"}

// serverCall opens a session, as init() does, and makes the call with it.
func (w *chance) serverCall(q service.Question) error {
	ctx, s := w.ctx(), w.Services
	resource := q.ResourceAppID
	if resource == "" {
		resource = shop
	}
	cred, _ := w.Credential(w.t, q.CallerAppID, ownEnv[q.CallerAppID])
	info := service.CallInfo{RequestID: w.serial()}
	session, err := s.Calls.OpenSession(ctx, cred, info, resource, q.EnvironmentID)
	if err != nil {
		return err
	}
	info = service.CallInfo{RequestID: w.serial(), EnvironmentID: q.EnvironmentID}
	d := service.DocumentCall{Credential: session, Info: info, Collection: q.Resource}
	file := []service.FileRequest{{FileID: models.FileID(q.EnvironmentID, q.Resource)}}
	switch q.Operation {
	case "functions.invoke":
		_, err = s.Calls.Invoke(ctx, session, info, q.Resource, json.RawMessage("{}"))
	case "database.read", "database.watch":
		_, err = s.Documents.Find(ctx, d, service.DocumentQuery{Query: `{"public":true}`})
	case "database.aggregate":
		_, err = s.Documents.Aggregate(ctx, d, []service.DocumentStage{{Name: "$match", Value: `{"public":true}`}})
	case "database.create":
		_, err = s.Documents.Insert(ctx, d, []string{q.Data})
	case "database.update":
		_, err = s.Documents.Update(ctx, d, service.DocumentChange{Query: `{"absent":1}`, Data: `{"$set":{"n":1}}`})
	case "database.delete":
		_, err = s.Documents.Remove(ctx, d, `{"absent":1}`, true)
	case "storage.write":
		_, _, err = s.Files.Upload(ctx, session, info, q.Resource)
	case "storage.read":
		return first(s.Files.Download(ctx, session, info, file))
	case "storage.delete":
		return first(s.Files.Delete(ctx, session, info, file))
	}
	return err
}
