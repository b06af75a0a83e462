package service

import (
	"testing"
	"time"

	"envshare/models"
)

func ask(caller, env, operation, resource string) Question {
	return Question{CallerAppID: caller, EnvironmentID: env, Plane: models.PlaneServer, Operation: operation, Resource: resource}
}

// statuses are the steps of an explanation in short.
func statuses(e Explanation) map[models.Step]models.StepStatus {
	out := map[models.Step]models.StepStatus{}
	for _, s := range e.Steps {
		out[s.Step] = s.Status
	}
	return out
}

func TestExplain_C7_AnEnvironmentThatIsNotLentLooksLikeNone(t *testing.T) {
	w := sqliteWorld(t)
	for _, plane := range models.Planes() {
		q := Question{CallerAppID: kitchen, EnvironmentID: "shop-1", Plane: plane, Operation: "database.read", Resource: "todos", Role: models.RoleAdmin}
		there, err := w.Explainer.Ask(t.Context(), kitchenAdmin, kitchen, q)
		must(t, err)
		q.EnvironmentID = "no-such"
		nowhere, err := w.Explainer.Ask(t.Context(), kitchenAdmin, kitchen, q)
		must(t, err)
		same(t, statuses(there), statuses(nowhere))
		if there.OwnerAppID != "" && nowhere.OwnerAppID == "" && there.View != models.ExplainHidden {
			t.Errorf("%s: %+v", plane, there)
		}
		if there.ShareID != "" || there.LastRunID != "" || there.Rule != nil || there.Allowed {
			t.Errorf("%s: %+v", plane, there)
		}
	}
	for name, actor := range map[string]models.Actor{"another app's member": outsider, "operator": operator} {
		_, err := w.Explainer.Ask(t.Context(), actor, shop, ask(shop, "shop-1", "database.read", "todos"))
		if !models.IsCode(err, models.CodeNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.Explainer.Ask(t.Context(), kitchenAdmin, kitchen, ask(shop, "shop-1", "database.read", "todos"))
	wantField(t, err, "caller", "error.explain_other")
}

func TestExplain_BorrowersSeeNoRules(t *testing.T) {
	w := sqliteWorld(t)
	w.lend(t, diner, "shop-1")
	q := ask(diner, "shop-1", "database.read", "todos")
	q.Plane = models.PlaneClient
	q.Person.Suppose, q.Person.OpenID, q.Person.Custom = true, "u1", `{"role":"admin"}`
	e, err := w.Explainer.Ask(t.Context(), dinerViewer, diner, q)
	must(t, err)
	if e.Rule != nil || statuses(e)[models.StepRule] == models.StepOK || e.ShareID == "" {
		t.Errorf("%+v", e)
	}
	w.deploy(t, "shop-1", models.AuthFunction, "x")
	e, err = w.Explainer.Ask(t.Context(), dinerViewer, diner, q)
	must(t, err)
	if e.Rule != nil || statuses(e)[models.StepRule] != models.StepHidden || e.Certain || e.LastRunID != "" {
		t.Errorf("%+v", e)
	}
	e, err = w.Explainer.Ask(t.Context(), shopViewer, shop, q)
	must(t, err)
	if e.Rule == nil || e.Rule.Text == "" || statuses(e)[models.StepRule] != models.StepOK {
		t.Errorf("the owner sees %+v", e)
	}
}

func TestExplain_SaysWhyAShareDoesNotWork(t *testing.T) {
	w := sqliteWorld(t)
	detail := func() string {
		t.Helper()
		e, err := w.Explainer.Ask(t.Context(), shopViewer, shop, ask(diner, "shop-1", "database.read", "todos"))
		must(t, err)
		for _, s := range e.Steps {
			if s.Step == models.StepShare {
				return string(s.Status) + " " + s.Detail.Key
			}
		}
		return ""
	}
	same(t, "failed explain.share_none", detail())
	until := start.Add(time.Hour)
	share, err := w.Sharing.Share(t.Context(), shopAdmin, shop, ShareInput{GranteeAppID: diner, Until: &until, Grants: input(diner, "shop-1").Grants})
	must(t, err)
	same(t, "ok ", detail())
	must(t, w.Sharing.Pause(t.Context(), shopAdmin, shop, share.ID))
	same(t, "failed explain.share_paused", detail())
	w.clock.advance(2 * time.Hour)
	same(t, "failed explain.share_expired", detail())
}

func TestExplain_ChangesAndCountsNothing(t *testing.T) {
	w := sqliteWorld(t)
	w.lend(t, diner, "shop-1")
	w.deploy(t, "shop-1", models.AuthFunction, "x")
	before := w.counts(t)
	for _, plane := range models.Planes() {
		for _, o := range models.Operations(plane) {
			for _, caller := range []string{shop, diner, kitchen, nobodys} {
				q := Question{CallerAppID: caller, EnvironmentID: "shop-1", Plane: plane, Operation: o.Name, Role: models.RoleViewer, Data: `{"a":1}`, Query: `{"a":1}`}
				if o.On != "" {
					q.Resource = "thing"
				}
				for _, visitor := range []bool{true, false} {
					q.Person.Visitor = visitor
					_, err := w.Explainer.Ask(t.Context(), shopAdmin, shop, q)
					must(t, err)
				}
			}
		}
	}
	same(t, before, w.counts(t))
	same(t, int64(0), w.listed(t, shopAdmin, shop, models.DenialFilter{}).Total)
}

func TestExplain_RefusesWhatIsNoQuestion(t *testing.T) {
	w := sqliteWorld(t)
	for field, q := range map[string]Question{
		"caller":      ask("x", "shop-1", "database.read", "todos"),
		"environment": ask(diner, "", "database.read", "todos"),
		"operation":   ask(diner, "shop-1", "database.drop", ""),
		"resource":    ask(diner, "shop-1", "database.read", "../x"),
		"openid": {CallerAppID: diner, EnvironmentID: "shop-1", Plane: models.PlaneClient, Operation: "database.read", Resource: "todos",
			Person: AskedPerson{SimulatedCaller: SimulatedCaller{OpenID: "\x00"}}},
		"query": {CallerAppID: shop, EnvironmentID: "shop-1", Plane: models.PlaneClient, Operation: "database.read", Resource: "todos", Query: "{",
			Person: AskedPerson{SimulatedCaller: SimulatedCaller{OpenID: "u1"}}},
		"role": {CallerAppID: diner, EnvironmentID: "shop-1", Plane: models.PlaneConsole, Operation: "database.view"},
	} {
		_, err := w.Explainer.Ask(t.Context(), shopAdmin, shop, q)
		if fields := models.FieldErrors(err); len(fields) != 1 || fields[field].Key == "" {
			t.Errorf("%s: %v %v", field, err, fields)
		}
	}
}
