package models_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/testkit/constants"
	"envshare/models"
)

func TestEveryActionBelongsToAGroup(t *testing.T) {
	known := map[string]bool{}
	for _, g := range models.AuditGroups() {
		if len(g.Nouns()) == 0 {
			t.Errorf("%s has no actions", g)
		}
		for _, noun := range g.Nouns() {
			if known[noun] {
				t.Errorf("%s is in two groups", noun)
			}
			known[noun] = true
		}
	}
	for name, action := range constants.Of(t, "AuditAction") {
		if !known[models.AuditAction(action).Noun()] {
			t.Errorf("%s (%s) is in no group", name, action)
		}
	}
}

const (
	owner    = "wx0000000000000001"
	borrower = "wx0000000000000002"
)

// S14: the other side reads what concerns it and nothing else.
func TestS14TheOtherSideReadsWhatConcernsIt(t *testing.T) {
	event := func(action models.AuditAction, before, after string) models.AuditEvent {
		return models.AuditEvent{Action: action, AppID: owner, OtherAppID: borrower, Subject: "subject", Before: before, After: after}
	}
	for name, c := range map[string]struct {
		event                  models.AuditEvent
		subject, before, after string
	}{
		"a share": {
			event(models.AuditShareChanged, `{"grants":{"a":["functions.view"]},"note":"n","others":9}`, `{"grants":{},"paused":true,"plan":"x"}`),
			"subject", `{"grants":{"a":["functions.view"]},"note":"n"}`, `{"grants":{},"paused":true}`,
		},
		"a function that the borrower deployed": {
			event(models.AuditFunctionDeployed, `{"version":1,"secret":"s"}`, `{"digest":"d","version":2}`), "subject", `{"version":1}`, `{"digest":"d","version":2}`,
		},
		"settings of the owner": {event(models.AuditClientAccess, `{"unauthenticated_access":true}`, `{}`), "", "", ""},
		"an action that is not known here": {
			event("plan.changed", `{"note":"n"}`, `{"grants":{}}`), "", "", "",
		},
		"a state that cannot be read": {event(models.AuditShareChanged, `{"note":`, `[1]`), "subject", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.event, c.event.SeenFrom(owner)); diff != "" {
				t.Errorf("the owner does not read all of it: %s", diff)
			}
			want := c.event
			want.Subject, want.Before, want.After = c.subject, c.before, c.after
			if diff := cmp.Diff(want, c.event.SeenFrom(borrower)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoReadsAnEvent(t *testing.T) {
	member := models.Standing{Actor: models.Actor{UserID: "m"}, Role: models.RoleViewer}
	stranger := models.Standing{Actor: models.Actor{UserID: "s"}}
	operator := models.Standing{Actor: models.Actor{UserID: "o", Operator: true}}
	shared := models.AuditEvent{AppID: owner, OtherAppID: borrower}
	for name, c := range map[string]struct {
		place models.Standing
		app   string
		event models.AuditEvent
		code  models.Code
	}{
		"a member of the owner":                       {member, owner, shared, ""},
		"a member of the borrower":                    {member, borrower, shared, ""},
		"a member of a third app":                     {member, "wx0000000000000003", shared, models.CodeNotFound},
		"a stranger":                                  {stranger, owner, shared, models.CodeNotFound},
		"nobody":                                      {models.Standing{}, owner, shared, models.CodeUnauthenticated},
		"an operator who is no member":                {operator, owner, shared, models.CodeNotFound},
		"a member, an event of the installation":      {member, owner, models.AuditEvent{}, models.CodeForbidden},
		"an operator, an event of the installation":   {operator, "", models.AuditEvent{}, ""},
		"nobody, an event of the installation":        {models.Standing{}, "", models.AuditEvent{}, models.CodeUnauthenticated},
		"a member, an event with another app only":    {member, owner, models.AuditEvent{OtherAppID: borrower}, models.CodeNotFound},
		"a member of the only app that it has, other": {member, borrower, models.AuditEvent{OtherAppID: borrower}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := models.CodeOf(models.MayReadAudit(c.place, c.app, c.event).Err()); got != c.code {
				t.Errorf("code %q, want %q", got, c.code)
			}
		})
	}
}

func TestChangesAreFieldByField(t *testing.T) {
	e := models.AuditEvent{
		Before: `{"note":"a","paused":false,"grants":{"e1":["x","y"],"e2":["x"]},"size":12345678901234567890,"same":"s","gone":{"a":{"b":1}},"empty":""}`,
		After:  `{"note":"b","paused":true,"grants":{"e1":["y","z"],"e3":["x"]},"size":1,"same":"s","list":[1,"t"],"empty":null}`,
	}
	text := func(s string) models.AuditValue { return models.AuditValue{Kind: models.AuditText, Text: s} }
	list := func(items ...string) models.AuditValue {
		return models.AuditValue{Kind: models.AuditList, List: items}
	}
	number := func(s string) models.AuditValue { return models.AuditValue{Kind: models.AuditNumber, Text: s} }
	flag := func(s string) models.AuditValue { return models.AuditValue{Kind: models.AuditFlag, Text: s} }
	want := []models.AuditChange{
		{Field: "gone", Key: "a", Before: text(`{"b":1}`)},
		{Field: "grants", Key: "e1", Before: list("x", "y"), After: list("y", "z")},
		{Field: "grants", Key: "e2", Before: list("x")},
		{Field: "grants", Key: "e3", After: list("x")},
		{Field: "list", After: list("1", "t")},
		{Field: "note", Before: text("a"), After: text("b")},
		{Field: "paused", Before: flag("false"), After: flag("true")},
		{Field: "size", Before: number("12345678901234567890"), After: number("1")},
	}
	got := e.Changes()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([][]string{{"z"}, {"x"}}, [][]string{got[1].Added(), got[1].Removed()}); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"", "[]", `"x"`, "{", "null"} {
		if got := (models.AuditEvent{Before: broken, After: broken}).Changes(); len(got) != 0 {
			t.Errorf("%q changed %v", broken, got)
		}
	}
}

func TestAuditFilterIsChecked(t *testing.T) {
	day := func(n int) *time.Time {
		d := time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC)
		return &d
	}
	for name, c := range map[string]struct {
		filter models.AuditFilter
		field  string
	}{
		"all":               {models.AuditFilter{}, ""},
		"a range":           {models.AuditFilter{Group: models.AuditGroupSharing, From: day(1), Before: day(2)}, ""},
		"an unknown group":  {models.AuditFilter{Group: "x"}, "group"},
		"dates turned":      {models.AuditFilter{From: day(2), Before: day(2)}, "until"},
		"a long subject":    {models.AuditFilter{Subject: string(make([]byte, 129))}, "subject"},
		"a long actor":      {models.AuditFilter{Actor: string(make([]byte, 129))}, "actor"},
		"a long environent": {models.AuditFilter{EnvironmentID: string(make([]byte, 129))}, "environment"},
	} {
		t.Run(name, func(t *testing.T) {
			fields := models.FieldErrors(c.filter.Validate())
			if _, ok := fields[c.field]; len(fields) > 1 || ok != (c.field != "") {
				t.Errorf("fields %v, want %q", fields, c.field)
			}
		})
	}
}
