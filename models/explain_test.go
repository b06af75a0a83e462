package models_test

import (
	"testing"
	"time"

	"envshare/models"
)

func TestMayExplain_C7(t *testing.T) {
	const owner, borrower, third = "wxaaaaaaaaaaaaaaaa", "wxbbbbbbbbbbbbbbbb", "wxcccccccccccccccc"
	viewer := models.Standing{Actor: models.Actor{UserID: "u"}, Role: models.RoleViewer}
	for name, c := range map[string]struct {
		facts models.ExplainFacts
		view  models.ExplainView
		code  models.Code
	}{
		"nobody": {models.ExplainFacts{AppID: owner, CallerAppID: owner, Owner: owner}, models.ExplainNothing, models.CodeUnauthenticated},
		"a stranger does not learn that the app exists": {
			models.ExplainFacts{Standing: models.Standing{Actor: viewer.Actor}, AppID: owner, CallerAppID: owner, Owner: owner}, models.ExplainNothing, models.CodeNotFound,
		},
		"an operator who is no member": {
			models.ExplainFacts{Standing: models.Standing{Actor: models.Actor{UserID: "op", Operator: true}}, AppID: owner, Owner: owner}, models.ExplainNothing, models.CodeNotFound,
		},
		"the owner about any caller":                   {models.ExplainFacts{Standing: viewer, AppID: owner, CallerAppID: third, Owner: owner}, models.ExplainOwner, ""},
		"the owner about itself":                       {models.ExplainFacts{Standing: viewer, AppID: owner, CallerAppID: owner, Owner: owner}, models.ExplainOwner, ""},
		"a borrower about itself":                      {models.ExplainFacts{Standing: viewer, AppID: borrower, CallerAppID: borrower, Owner: owner, Lent: true}, models.ExplainBorrower, ""},
		"a borrower about another borrower":            {models.ExplainFacts{Standing: viewer, AppID: borrower, CallerAppID: third, Owner: owner, Lent: true}, models.ExplainNothing, models.CodeForbidden},
		"another app, about an environment it has not": {models.ExplainFacts{Standing: viewer, AppID: third, CallerAppID: third, Owner: owner}, models.ExplainHidden, ""},
		"the same for one that does not exist":         {models.ExplainFacts{Standing: viewer, AppID: third, CallerAppID: third}, models.ExplainHidden, ""},
		"another caller and no environment":            {models.ExplainFacts{Standing: viewer, AppID: third, CallerAppID: owner}, models.ExplainNothing, models.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			view, d := models.MayExplain(c.facts)
			if view != c.view || d.Code != c.code || d.Allowed != (c.code == "") {
				t.Errorf("view %d, %+v", view, d)
			}
			if view.SeesRules() != (c.view == models.ExplainOwner) {
				t.Error("rules are the owner's alone to see")
			}
		})
	}
}

func TestStepsEndWhereTheDecisionIsMade(t *testing.T) {
	now := time.Now()
	grant := models.CallGrant{ID: "g", ShareID: "s", Permissions: models.NewPermissionSet(models.DatabaseRead)}
	f := models.CallFacts{Caller: models.Caller{AppID: "b", SessionEnv: "e", GrantID: "g"}, Env: "e", Owner: "a", Grant: grant}
	var steps []models.Step
	models.CallSteps(f, models.DatabaseWrite, now, func(s models.Step, d models.Decision) bool {
		steps = append(steps, s)
		return d.Allowed
	})
	if len(steps) == 0 || steps[len(steps)-1] != models.StepPermission {
		t.Errorf("steps %v", steps)
	}
	for name, c := range map[string]struct {
		grant models.CallGrant
		key   string
	}{
		"none":    {models.CallGrant{}, "explain.share_none"},
		"active":  {grant, "explain.share_active"},
		"paused":  {models.CallGrant{ID: "g", Paused: true}, "explain.share_paused"},
		"expired": {models.CallGrant{ID: "g", Paused: true, Until: now}, "explain.share_expired"},
	} {
		if got := models.ShareDetail(c.grant, now).Key; got != c.key {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDenials_WhatCounts(t *testing.T) {
	for code, want := range map[models.Code]bool{
		models.CodePermissionMissing: true, models.CodeRuleDenied: true, models.CodeInvalid: false, models.CodeFunctionFailed: false, models.CodeInternal: false,
	} {
		if models.CountsAsDenial(string(models.FunctionsInvoke), code) != want {
			t.Errorf("%s", code)
		}
	}
	if !models.CountsAsDenial(models.OperationInit, models.CodeFunctionFailed) {
		t.Error("a cloudbase_auth that fails refuses an init()")
	}
	line := models.Denial{Code: models.CodeEnvUnknown, Operation: "database.read", Resource: "secrets", EndUser: true, MsgKey: "call.env_unknown", MsgArgs: `{"environment":"e"}`}.InOneLine()
	if line.Operation != "" || line.Resource != "" || line.EndUser || line.Code != models.CodeEnvNotShared || line.MsgArgs != "{}" {
		t.Errorf("%+v", line)
	}
	for _, p := range models.Planes() {
		for _, o := range models.Operations(p) {
			if found, ok := models.OperationOf(p, o.Name); !ok || found != o {
				t.Errorf("%s on %s: %+v", o.Name, p, found)
			}
		}
	}
}
