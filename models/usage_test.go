package models

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestOutcomeOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Outcome
	}{
		{nil, OutcomeOK}, {errors.New("disk"), OutcomeError}, {E(CodeInvalid, "x"), OutcomeError}, {E(CodeFunctionUnknown, "x"), OutcomeError},
		{E(CodePermissionMissing, "x"), OutcomeDenied}, {E(CodeRuleDenied, "x"), OutcomeDenied}, {E(CodeEnvNotShared, "x"), OutcomeDenied},
		{E(CodeSessionInvalid, "x"), OutcomeDenied}, {E(CodeForbidden, "x"), OutcomeDenied}, {E(CodeLimited, "x"), OutcomeError},
	} {
		if got := OutcomeOf(test.err); got != test.want {
			t.Errorf("%v: %d, want %d", test.err, got, test.want)
		}
	}
}

func TestTally_CountsAndAdds(t *testing.T) {
	var a, b Tally
	a.Count(OutcomeOK)
	a.Count(OutcomeError)
	a.Count(OutcomeDenied)
	a.CountRun(Invocation{Status: InvocationOK, DurationMS: 5, MemoryBytes: 70})
	b.CountRun(Invocation{Status: InvocationTimedOut, DurationMS: 3000, MemoryBytes: 50})
	b.Bytes = 9
	a.Add(b)
	want := Tally{Calls: 4, Errors: 2, Denied: 1, Bytes: 9, DurationMS: 3005, LongestMS: 3000, MemoryBytes: 70, Durations: Histogram{0: 1, 9: 1}}
	if a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
}

func TestHistogram_BucketsHoldWhatTheyCount(t *testing.T) {
	for _, ms := range []int64{-1, 0, 7, 8, 15, 16, 1023, 1024, 32767, 32768, 60_000, 1 << 40} {
		var h Histogram
		h.Count(ms)
		at := slices.Index(h[:], 1)
		from, to := h.bounds(at)
		if at < 0 || ms >= 0 && (ms < from || ms >= to && at != HistogramBuckets-1) {
			t.Errorf("%d ms is in bucket %d from %d to %d", ms, at, from, to)
		}
	}
}

// What a percentile says is in the bucket of the true value, so at most twice as
// much or half of it, and never more than the longest run.
func TestTally_PercentileIsNearTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		var tally Tally
		list := make([]int64, 1+random.IntN(300))
		for i := range list {
			list[i] = int64(random.ExpFloat64() * 200)
			tally.CountRun(Invocation{Status: InvocationOK, DurationMS: list[i]})
		}
		slices.Sort(list)
		for _, share := range []float64{0.5, 0.95} {
			truth := list[min(len(list)-1, max(0, int(float64(len(list))*share+0.999999)-1))]
			got := tally.Percentile(share)
			if got > tally.LongestMS || got > 2*max(truth, 8) || 2*max(got, 8) < truth {
				t.Fatalf("round %d: p%v is %d of %d runs, truly %d, longest %d", round, share*100, got, len(list), truth, tally.LongestMS)
			}
		}
	}
	if got := (Tally{Calls: 3}).Percentile(0.5); got != -1 {
		t.Errorf("without runs: %d", got)
	}
}

func TestUsageRange_Periods(t *testing.T) {
	now := time.Date(2026, 3, 31, 23, 59, 0, 0, time.FixedZone("east", 8*3600))
	for _, test := range []struct {
		r           UsageRange
		n           int
		first, last string
	}{
		{Range24Hours, 24, "2026-03-30T16", "2026-03-31T15"}, {Range7Days, 7, "2026-03-25", "2026-03-31"},
		{Range30Days, 30, "2026-03-02", "2026-03-31"}, {Range12Months, 12, "2025-04", "2026-03"}, {"nonsense", 7, "2026-03-25", "2026-03-31"},
	} {
		list := test.r.Periods(now)
		layout := test.r.Layout()
		if len(list) != test.n || list[0].Format(layout) != test.first || list[test.n-1].Format(layout) != test.last {
			t.Errorf("%s: %v", test.r, list)
		}
	}
}

func views() (own, borrowed EnvironmentView) {
	env := Environment{ID: "shop-1", AppID: "shop"}
	share := Share{OwnerAppID: "shop", GranteeAppID: "diner", Grants: []Grant{{EnvironmentID: "shop-1", Permissions: NewPermissionSet(StatisticsView, UsersView)}}}
	return EnvironmentView{Environment: env, Through: App{AppID: "shop"}}, EnvironmentView{Environment: env, Through: App{AppID: "diner"}, Share: &share}
}

func TestS9_ABorrowerDoesNotLearnWhoElseBorrows(t *testing.T) {
	own, borrowed := views()
	for _, test := range []struct {
		caller          string
		owner, borrower bool
	}{{"shop", true, false}, {"diner", true, true}, {"kitchen", true, false}, {"", true, false}} {
		if got := own.NamesCaller(test.caller); got != test.owner {
			t.Errorf("the owner learns of %q: %v", test.caller, got)
		}
		if got := borrowed.NamesCaller(test.caller); got != test.borrower {
			t.Errorf("a borrower learns of %q: %v", test.caller, got)
		}
	}
	if own.VisitorApps() != nil || !slices.Equal(borrowed.VisitorApps(), []string{"shop", "diner"}) {
		t.Errorf("visitors of %v and %v", own.VisitorApps(), borrowed.VisitorApps())
	}
}

func TestMayMonitorFunctionAndSignOutVisitor(t *testing.T) {
	own, borrowed := views()
	now := time.Now()
	for role, want := range map[Role][2]bool{RoleNone: {}, RoleViewer: {true, false}, RoleDeveloper: {true, false}, RoleAdmin: {true, true}} {
		s := Standing{Actor: Actor{UserID: "u"}, Role: role}
		if got := MayMonitorFunction(s, own, now).Allowed; got != want[0] {
			t.Errorf("role %v monitors: %v", role, got)
		}
		if got := MaySignOutVisitor(s, own).Allowed; got != want[1] {
			t.Errorf("role %v signs out: %v", role, got)
		}
		if MayMonitorFunction(s, borrowed, now).Allowed || MaySignOutVisitor(s, borrowed).Allowed {
			t.Errorf("role %v does what was not lent", role)
		}
	}
	borrowed.Share.Grants[0].Permissions = NewPermissionSet(StatisticsView, FunctionsView)
	if !MayMonitorFunction(Standing{Actor: Actor{UserID: "u"}, Role: RoleViewer}, borrowed, now).Allowed {
		t.Error("both permissions are not enough")
	}
}

func TestVisitorKey(t *testing.T) {
	v := Visitor{AppID: "wx0000000000000001", OpenID: "o/-_%.~!"}
	got, err := ParseVisitorKey(v.Key())
	if err != nil || got != v {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"", "x", "%%%", Visitor{AppID: "wx0000000000000001"}.Key(), Visitor{AppID: "wx000000000000000Z", OpenID: "o"}.Key(), Visitor{AppID: "wx0000000000000001", OpenID: "a b"}.Key()} {
		if _, err := ParseVisitorKey(bad); !IsCode(err, CodeNotFound) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
