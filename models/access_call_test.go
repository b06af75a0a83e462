package models

import (
	"testing"
	"time"
)

// The callers of the tables. Their credentials end in an hour.
var (
	shopItself   = Caller{AppID: shop.AppID, ExpiresAt: now.Add(time.Hour)}
	dinerItself  = Caller{AppID: diner.AppID, ExpiresAt: now.Add(time.Hour)}
	dinerSession = Caller{AppID: diner.AppID, GrantID: "grant-1", SessionEnv: shopEnv.ID, ExpiresAt: now.Add(time.Hour)}
)

// working is what shop lends to diner on shopEnv.
var working = CallGrant{ID: "grant-1", ShareID: "share-1", Permissions: NewPermissionSet(FunctionsInvoke, DatabaseRead)}

func with(g CallGrant, change func(*CallGrant)) CallGrant {
	change(&g)
	return g
}

func ending(c Caller, end time.Time) Caller {
	c.ExpiresAt = end
	return c
}

// callCase is a call for functions.invoke, and the session that would precede it.
type callCase struct {
	name    string
	facts   CallFacts
	call    Code
	callKey string
	open    Code // MayOpenSession with shop as resourceAppid
	openKey string
}

const (
	keyNotShared = "call.env_not_shared"
	keyMissing   = "call.session_missing"
	keyUnknown   = "call.env_unknown"
	keyExpired   = "call.session_expired"
	keyStale     = "call.session_stale"
)

func onShop(c Caller, g CallGrant) CallFacts {
	return CallFacts{Caller: c, Env: shopEnv.ID, Owner: shop.AppID, Grant: g}
}

var callCases = []callCase{
	{"nobody", onShop(Caller{}, working), CodeUnauthenticated, "error.unauthenticated", CodeUnauthenticated, "error.unauthenticated"},
	{"nobody with a session", onShop(Caller{SessionEnv: shopEnv.ID, GrantID: "grant-1"}, working),
		CodeUnauthenticated, "error.unauthenticated", CodeUnauthenticated, "error.unauthenticated"},
	{"owner on its own, C2", onShop(shopItself, CallGrant{}), "", "", "", ""},
	{"owner without expiry", onShop(ending(shopItself, time.Time{}), CallGrant{}), "", "", "", ""},
	{"owner, credential ends in a nanosecond", onShop(ending(shopItself, now.Add(1)), CallGrant{}), "", "", "", ""},
	{"owner, credential ended", onShop(ending(shopItself, now), CallGrant{}), CodeSessionInvalid, keyExpired, CodeSessionInvalid, keyExpired},
	{"caller without session", onShop(dinerItself, working), CodeSessionInvalid, keyMissing, "", ""},
	{"caller without session or grant", onShop(dinerItself, CallGrant{}), CodeEnvUnknown, keyUnknown, CodeEnvNotShared, keyNotShared},
	{"caller without session, paused", onShop(dinerItself, with(working, func(g *CallGrant) { g.Paused = true })),
		CodeEnvUnknown, keyUnknown, CodeEnvNotShared, keyNotShared},
	{"caller without session, share ended now", onShop(dinerItself, with(working, func(g *CallGrant) { g.Until = now })),
		CodeEnvUnknown, keyUnknown, CodeEnvNotShared, keyNotShared},
	{"no such environment", CallFacts{Caller: dinerItself, Env: "gone-1"}, CodeEnvUnknown, keyUnknown, CodeEnvNotShared, keyNotShared},
	{"session", onShop(dinerSession, working), "", "", CodeEnvNotShared, keyNotShared},
	{"session, share ends in a nanosecond", onShop(dinerSession, with(working, func(g *CallGrant) { g.Until = now.Add(1) })), "", "", CodeEnvNotShared, keyNotShared},
	{"session that ends in a nanosecond", onShop(ending(dinerSession, now.Add(1)), working), "", "", CodeEnvNotShared, keyNotShared},
	{"session that ended", onShop(ending(dinerSession, now), working), CodeSessionInvalid, keyExpired, CodeSessionInvalid, keyExpired},
	{"S6 paused", onShop(dinerSession, with(working, func(g *CallGrant) { g.Paused = true })), CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"S6 environment removed from the share", onShop(dinerSession, CallGrant{}), CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"S6 removed and shared anew", onShop(dinerSession, with(working, func(g *CallGrant) { g.ID = "grant-2" })), CodeSessionInvalid, keyStale, CodeEnvNotShared, keyNotShared},
	{"S6 permission taken", onShop(dinerSession, with(working, func(g *CallGrant) { g.Permissions = NewPermissionSet(DatabaseRead) })),
		CodePermissionMissing, "call.permission_missing", CodeEnvNotShared, keyNotShared},
	{"S7 share ended now", onShop(dinerSession, with(working, func(g *CallGrant) { g.Until = now })), CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"environment gone", CallFacts{Caller: dinerSession, Env: shopEnv.ID, Grant: working}, CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"C1 session of another environment", CallFacts{Caller: dinerSession, Env: "shop-000002", Owner: shop.AppID, Grant: working},
		CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"C1 session used on the app's own environment", CallFacts{Caller: dinerSession, Env: dinerEnv.ID, Owner: diner.AppID},
		CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"order: ended session on a paused share without permission", onShop(ending(dinerSession, now), CallGrant{ID: "grant-1", Paused: true}),
		CodeSessionInvalid, keyExpired, CodeSessionInvalid, keyExpired},
	{"order: paused share without permission", onShop(dinerSession, CallGrant{ID: "grant-1", Paused: true}),
		CodeEnvNotShared, keyNotShared, CodeEnvNotShared, keyNotShared},
	{"order: stale session without permission", onShop(dinerSession, CallGrant{ID: "grant-2"}), CodeSessionInvalid, keyStale, CodeEnvNotShared, keyNotShared},
}

func TestCallsOfTheDataPlane(t *testing.T) {
	for _, c := range callCases {
		t.Run(c.name, func(t *testing.T) {
			wantRefusal(t, MayCall(c.facts, FunctionsInvoke, now), c.call, c.callKey)
		})
		t.Run(c.name+"/opening a session", func(t *testing.T) {
			wantRefusal(t, MayOpenSession(c.facts, shop.AppID, now), c.open, c.openKey)
		})
	}
}

func TestEveryPermissionIsCheckedByItself(t *testing.T) {
	for _, held := range Permissions() {
		for _, asked := range Permissions() {
			t.Run(string(held)+"/"+string(asked), func(t *testing.T) {
				f := onShop(dinerSession, CallGrant{ID: "grant-1", Permissions: NewPermissionSet(held)})
				d := MayCall(f, asked, now)
				if NewPermissionSet(held).Has(asked) {
					wantDecision(t, d, "")
					return
				}
				wantRefusal(t, d, CodePermissionMissing, "call.permission_missing")
				if d.Msg.Args["permission"] != asked || d.Msg.Args["key"] != string(asked) || d.Msg.Args["environment"] != shopEnv.ID {
					t.Fatalf("the refusal names %v", d.Msg.Args)
				}
			})
		}
	}
}

func TestASessionOpensOnlyWhereItsOwnerIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, resource string
		want           Code
	}{
		{"owner", shop.AppID, ""},
		{"caller", diner.AppID, CodeEnvNotShared},
		{"third app", kitchen.AppID, CodeEnvNotShared},
		{"nobody", "", CodeEnvNotShared},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantDecision(t, MayOpenSession(onShop(dinerItself, working), c.resource, now), c.want)
		})
	}
	t.Run("no environment and nobody named", func(t *testing.T) {
		f := CallFacts{Caller: dinerItself, Env: "gone-1"}
		wantDecision(t, MayOpenSession(f, "", now), CodeEnvNotShared)
	})
	t.Run("C7 all refusals look the same", func(t *testing.T) {
		unknown := MayOpenSession(CallFacts{Caller: dinerItself, Env: shopEnv.ID}, shop.AppID, now)
		foreign := MayOpenSession(onShop(dinerItself, working), kitchen.AppID, now)
		unlent := MayOpenSession(onShop(dinerItself, CallGrant{}), shop.AppID, now)
		for _, d := range []Decision{unknown, foreign, unlent} {
			if d.Code != CodeEnvNotShared || d.Msg.Key != keyNotShared || len(d.Msg.Args) != 1 || d.Msg.Args["environment"] != shopEnv.ID {
				t.Fatalf("a refusal tells more: %+v", d)
			}
		}
	})
}

// kitchen lends to shop, shop lends to diner: diner never reaches kitchen.
func TestS4_SingleLevel(t *testing.T) {
	shared := CallGrant{ID: "grant-9", ShareID: "share-9", Permissions: AllPermissions} // kitchen to shop
	onKitchen := func(c Caller, g CallGrant) CallFacts {
		return CallFacts{Caller: c, Env: kitchenEnv.ID, Owner: kitchen.AppID, Grant: g}
	}
	t.Run("diner itself", func(t *testing.T) {
		wantDecision(t, MayOpenSession(onKitchen(dinerItself, CallGrant{}), kitchen.AppID, now), CodeEnvNotShared)
		wantDecision(t, MayCall(onKitchen(dinerItself, CallGrant{}), FunctionsInvoke, now), CodeEnvUnknown)
	})
	t.Run("diner's session in shop's environment", func(t *testing.T) {
		for _, g := range []CallGrant{{}, shared} {
			wantDecision(t, MayOpenSession(onKitchen(dinerSession, g), kitchen.AppID, now), CodeEnvNotShared)
			wantDecision(t, MayCall(onKitchen(dinerSession, g), FunctionsInvoke, now), CodeEnvNotShared)
		}
	})
	t.Run("shop's session in kitchen's environment held by diner", func(t *testing.T) {
		stolen := Caller{AppID: diner.AppID, GrantID: shared.ID, SessionEnv: kitchenEnv.ID, ExpiresAt: now.Add(time.Hour)}
		wantDecision(t, MayCall(onKitchen(stolen, CallGrant{}), FunctionsInvoke, now), CodeEnvNotShared)
	})
	t.Run("shop's own function needs a handshake, then calls as shop", func(t *testing.T) {
		wantDecision(t, MayCall(onKitchen(shopItself, shared), FunctionsInvoke, now), CodeSessionInvalid)
		wantDecision(t, MayOpenSession(onKitchen(shopItself, shared), kitchen.AppID, now), "")
		opened := Caller{AppID: shop.AppID, GrantID: shared.ID, SessionEnv: kitchenEnv.ID}
		wantDecision(t, MayCall(onKitchen(opened, shared), FunctionsInvoke, now), "")
	})
}

func TestS6_ASessionFollowsEveryChangeOfItsShare(t *testing.T) {
	for _, c := range []struct {
		name  string
		grant CallGrant
		want  Code
	}{
		{"as granted", working, ""},
		{"more permissions", with(working, func(g *CallGrant) { g.Permissions = AllPermissions }), ""},
		{"permission taken", with(working, func(g *CallGrant) { g.Permissions = NewPermissionSet(StorageRead) }), CodePermissionMissing},
		{"paused", with(working, func(g *CallGrant) { g.Paused = true }), CodeEnvNotShared},
		{"resumed", with(working, func(g *CallGrant) { g.Paused = false }), ""},
		{"end moved into the past", with(working, func(g *CallGrant) { g.Until = now.Add(-1) }), CodeEnvNotShared},
		{"removed", CallGrant{}, CodeEnvNotShared},
		{"removed and granted again", with(working, func(g *CallGrant) { g.ID = "grant-2" }), CodeSessionInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantDecision(t, MayCall(onShop(dinerSession, c.grant), FunctionsInvoke, now), c.want)
		})
	}
}

func TestC1_AVerdictOpensOneEnvironmentForOneGrant(t *testing.T) {
	second := CallFacts{Caller: dinerSession, Env: "shop-000002", Owner: shop.AppID,
		Grant: CallGrant{ID: "grant-2", ShareID: "share-1", Permissions: AllPermissions}}
	wantDecision(t, MayCall(second, FunctionsInvoke, now), CodeEnvNotShared)
	wantDecision(t, MayCall(onShop(Caller{AppID: diner.AppID, SessionEnv: shopEnv.ID}, working), FunctionsInvoke, now), CodeSessionInvalid)
	wantDecision(t, MayCall(onShop(Caller{AppID: diner.AppID, SessionEnv: shopEnv.ID}, CallGrant{}), FunctionsInvoke, now), CodeEnvNotShared)
}

func TestC2_AnAppHasFullRightsOnItsOwnEnvironments(t *testing.T) {
	for _, p := range append(Permissions(), "not known here") {
		wantDecision(t, MayCall(onShop(shopItself, CallGrant{}), p, now), "")
	}
	wantDecision(t, MayCall(CallFacts{Caller: shopItself, Env: "shop-000002", Owner: shop.AppID}, FunctionsInvoke, now), "")
	wantDecision(t, MayCall(onShop(dinerItself, working), FunctionsInvoke, now), CodeSessionInvalid)
}

func TestC4_OwnCallsNeedNoHandshake(t *testing.T) {
	wantDecision(t, MayCall(onShop(shopItself, CallGrant{}), FunctionsInvoke, now), "")
	wantDecision(t, MayOpenSession(onShop(shopItself, CallGrant{}), shop.AppID, now), "")
	if shopItself.CrossAccount() || !dinerSession.CrossAccount() {
		t.Fatal("own and cross-account credentials are confused")
	}
}
