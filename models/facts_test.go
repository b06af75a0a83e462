package models

import (
	"testing"
	"time"
)

// now is the moment at which the tests decide.
var now = time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)

// The cast: shop lends to diner, as kitchen lends to shop. All three belong to
// one principal, rival to another.
var (
	shop    = App{AppID: "wx0000000000000001", Name: "商城", Kind: MiniProgram, PrincipalID: "acme", Sharing: true}
	diner   = App{AppID: "wx0000000000000002", Name: "点餐", Kind: OfficialAccount, PrincipalID: "acme"}
	kitchen = App{AppID: "wx0000000000000003", Name: "后厨", Kind: MiniProgram, PrincipalID: "acme", Sharing: true}
	rival   = App{AppID: "wx0000000000000004", Name: "对手", Kind: MiniProgram, PrincipalID: "other", Sharing: true}
)

var (
	shopEnv    = Environment{ID: "shop-000001", AppID: shop.AppID, Name: "商城环境"}
	dinerEnv   = Environment{ID: "diner-000001", AppID: diner.AppID, Name: "点餐环境"}
	kitchenEnv = Environment{ID: "kitchen-000001", AppID: kitchen.AppID, Name: "后厨环境"}
)

// lent is the share of shopEnv with diner that holds these permissions.
func lent(permissions PermissionSet) *Share {
	return &Share{
		ID: "share-1", OwnerAppID: shop.AppID, GranteeAppID: diner.AppID, Version: 1,
		Grants: []Grant{{ID: "grant-1", EnvironmentID: shopEnv.ID, Permissions: permissions}},
	}
}

func at(d time.Duration) *time.Time { t := now.Add(d); return &t }

// who names every kind of actor with their role in the app that is asked about.
type who struct {
	name     string
	standing Standing
}

var somebody = Actor{UserID: "u1", Username: "bob", Via: "console"}

// everyone is in the order of the columns of the tables below.
func everyone() []who {
	operator := somebody
	operator.Operator = true
	return []who{
		{"nobody", Standing{Actor: Actor{}, Role: RoleAdmin}},
		{"stranger", Standing{Actor: somebody, Role: RoleNone}},
		{"viewer", Standing{Actor: somebody, Role: RoleViewer}},
		{"developer", Standing{Actor: somebody, Role: RoleDeveloper}},
		{"admin", Standing{Actor: somebody, Role: RoleAdmin}},
		{"operator without role", Standing{Actor: operator, Role: RoleNone}},
		{"system", Standing{Actor: SystemActor("apply")}},
	}
}

func standingOf(role Role) Standing { return Standing{Actor: somebody, Role: role} }

// wantDecision checks a decision by its code, "" for allowed, and that it can be
// explained when it is a refusal.
func wantDecision(t *testing.T, got Decision, want Code) {
	t.Helper()
	if got.Allowed != (want == "") || got.Code != want {
		t.Fatalf("decision is allowed=%v code=%q key=%q, want code %q", got.Allowed, got.Code, got.Msg.Key, want)
	}
	if !got.Allowed && got.Msg.Key == "" {
		t.Fatal("refused without a message")
	}
	if CodeOf(got.Err()) != want {
		t.Fatalf("as an error its code is %q, want %q", CodeOf(got.Err()), want)
	}
}

// wantRefusal also checks which reason people are told.
func wantRefusal(t *testing.T, got Decision, want Code, key string) {
	t.Helper()
	wantDecision(t, got, want)
	if got.Msg.Key != key {
		t.Fatalf("message %q, want %q", got.Msg.Key, key)
	}
}

// wantFields checks which fields an error names, in any order.
func wantFields(t *testing.T, err error, want ...string) {
	t.Helper()
	fields := FieldErrors(err)
	if (err == nil) != (len(want) == 0) || len(fields) != len(want) {
		t.Fatalf("error %v names %v, want fields %q", err, fields, want)
	}
	for _, name := range want {
		if fields[name].Key == "" {
			t.Fatalf("error names %v, want field %q", fields, name)
		}
	}
	if err != nil && !IsCode(err, CodeInvalid) {
		t.Fatalf("code %q, want invalid", CodeOf(err))
	}
}
