package models

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// randomFacts draws from few values, so that coincidences happen.
func randomFacts(r *rand.Rand) CallFacts {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	end := func() time.Time {
		return []time.Time{{}, now.Add(-1), now, now.Add(1)}[r.IntN(4)]
	}
	return CallFacts{
		Caller: Caller{AppID: pick("", "a", "b"), GrantID: pick("", "g1", "g2"), SessionEnv: pick("", "e1", "e2"), ExpiresAt: end()},
		Env:    pick("", "e1", "e2"),
		Owner:  pick("", "a", "b"),
		Grant:  CallGrant{ID: pick("", "g1", "g2"), Permissions: PermissionSet(r.Uint32N(uint32(AllPermissions) + 1)), Paused: r.IntN(3) == 0, Until: end()},
	}
}

// shouldCall says in other words what MayCall decides.
func shouldCall(f CallFacts, p Permission) bool {
	c, g := f.Caller, f.Grant
	if c.AppID == "" || f.Owner == "" || (!c.ExpiresAt.IsZero() && !c.ExpiresAt.After(now)) {
		return false
	}
	own := c.SessionEnv == "" && f.Owner == c.AppID
	active := g.ID != "" && !g.Paused && (g.Until.IsZero() || g.Until.After(now))
	return own || c.SessionEnv != "" && c.SessionEnv == f.Env && active && c.GrantID == g.ID && g.Permissions.Has(p)
}

func TestCallsAreAllowedExactlyOnOwnEnvironmentsAndUnderALivingGrant(t *testing.T) {
	r := rand.New(rand.NewPCG(20261122, 1))
	allowed := map[bool]int{}
	for range 300_000 {
		f, p := randomFacts(r), permissions[r.IntN(len(permissions))]
		got, want := MayCall(f, p, now), shouldCall(f, p)
		if got.Allowed != want || (got.Code == "") != want {
			t.Fatalf("%s on %+v: allowed=%v code=%q, want %v", p, f, got.Allowed, got.Code, want)
		}
		if want {
			allowed[f.Caller.CrossAccount()]++
		}
	}
	if allowed[true] < 100 || allowed[false] < 100 {
		t.Fatalf("the cases hardly ever allow: %v", allowed)
	}
}

func TestASessionIsOpenedOnlyByAnAppItselfWhereItMayCall(t *testing.T) {
	r := rand.New(rand.NewPCG(20261122, 2))
	opened := 0
	for range 300_000 {
		f := randomFacts(r)
		resource := []string{"", "a", "b"}[r.IntN(3)]
		if !MayOpenSession(f, resource, now).Allowed {
			continue
		}
		opened++
		if f.Owner == "" || f.Owner != resource || f.Caller.CrossAccount() || f.Caller.AppID == "" {
			t.Fatalf("opened with %+v for %q", f, resource)
		}
		session := f
		if f.Owner != f.Caller.AppID {
			session.Caller.GrantID, session.Caller.SessionEnv = f.Grant.ID, f.Env
		}
		d := MayCall(session, FunctionsInvoke, now)
		if f.Env != "" && !d.Allowed && d.Code != CodePermissionMissing {
			t.Fatalf("a session that may be opened on %+v is refused with %q", f, d.Code)
		}
	}
	if opened < 100 {
		t.Fatalf("only %d sessions were opened", opened)
	}
}

// callKey names a grant by who may call and where.
type callKey struct{ grantee, environment string }

// manyGrants is a snapshot of 100,000 grants and the calls that look them up.
func manyGrants() (map[callKey]CallGrant, []CallFacts) {
	const n = 100_000
	grants := make(map[callKey]CallGrant, n)
	calls := make([]CallFacts, 0, n)
	for i := range n {
		app, env, id := fmt.Sprintf("wx%016x", i%1000), fmt.Sprintf("env-%06x", i), fmt.Sprintf("grant-%d", i)
		grants[callKey{app, env}] = CallGrant{ID: id, ShareID: "s", Permissions: AllPermissions}
		calls = append(calls, CallFacts{
			Caller: Caller{AppID: app, GrantID: id, SessionEnv: env, ExpiresAt: now.Add(time.Hour)},
			Env:    env, Owner: shop.AppID,
		})
	}
	return grants, calls
}

func BenchmarkMayCall(b *testing.B) {
	grants, calls := manyGrants()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f := calls[i%len(calls)]
		f.Grant = grants[callKey{f.Caller.AppID, f.Env}]
		if !MayCall(f, StorageWrite, now).Allowed {
			b.Fatal("refused")
		}
		i += 7919 // a prime, so that the calls visit the map in no order
	}
}

func TestAnAllowedCallAllocatesNothing(t *testing.T) {
	grants := map[callKey]CallGrant{{diner.AppID, shopEnv.ID}: working}
	for name, f := range map[string]CallFacts{"own": onShop(shopItself, CallGrant{}), "cross-account": onShop(dinerSession, CallGrant{})} {
		t.Run(name, func(t *testing.T) {
			allocations := testing.AllocsPerRun(1000, func() {
				call := f
				call.Grant = grants[callKey{f.Caller.AppID, f.Env}]
				if !MayCall(call, FunctionsInvoke, now).Allowed {
					t.Fatal("refused")
				}
			})
			if allocations != 0 {
				t.Fatalf("%v allocations", allocations)
			}
		})
	}
}
