package service_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// The apps of the worlds: the shop lends to the mini program; rival is of another
// principal.
const (
	shop  = "wxaaaaaaaaaaaaaaaa"
	mini  = "wxcccccccccccccccc"
	rival = "wxdddddddddddddddd"
)

const explainedWorld = `
principals: [{id: p, name: P}, {id: q, name: Q}]
apps:
  - appid: wxaaaaaaaaaaaaaaaa
    name: Shop
    type: miniprogram
    principal: p
    sharing: true
    environments:
      - id: good
        functions: good
        function_rules: {"*": {invoke: "auth != null"}, open: {invoke: true}, members: {invoke: "auth.custom.role == 'member'"}}
        collections: &collections
          own: {preset: creator_read_write}
          shown: {preset: all_read_creator_write}
          secret: {preset: admin_read_write}
          open: {rules: {read: true, write: true}}
          posts: {rules: {read: "doc.public == true || doc._openid == auth.openid", create: "auth != null", update: "doc._openid == auth.openid && request.data.price == undefined", delete: "auth.custom.role == 'member'"}}
          members: {rules: {read: "auth.custom.role == 'member'", write: false}}
        storage: {rules: {read: true, write: "resource.openid == auth.openid"}}
      - {id: refusing, functions: refusing, collections: *collections}
      - {id: bare, functions: bare, collections: *collections, storage: {preset: admin_read_write}}
      - {id: wordless, functions: wordless, collections: *collections}
      - {id: throwing, functions: throwing, collections: *collections}
  - {appid: wxcccccccccccccccc, name: Mini, type: miniprogram, principal: p, environments: [{id: mini-main, name: Mini}]}
  - {appid: wxdddddddddddddddd, name: Rival, type: miniprogram, principal: q, environments: [{id: rival-main, name: Rival}]}
`

// explainedEnvs are the environments of the shop.
var explainedEnvs = []string{"good", "refusing", "bare", "wordless", "throwing"}

func explainedFiles() map[string]string {
	out := map[string]string{}
	for env, source := range map[string]string{
		"good":     `exports.main = async () => ({ errCode: 0, auth: JSON.stringify({ role: 'member' }) })`,
		"refusing": `exports.main = async () => ({ errCode: 4001, errMsg: 'not today' })`,
		"wordless": `exports.main = async () => ({})`,
		"throwing": `exports.main = async () => { throw new Error('broken') }`,
		"bare":     "",
	} {
		if source != "" {
			out[env+"/cloudbase_auth/index.js"] = source
		}
		out[env+"/open/index.js"] = `exports.main = async () => 1`
	}
	out["good/members/index.js"] = `exports.main = async () => 2`
	return out
}

// chance is a world in which everything that decides is set at random.
type chance struct {
	*testkit.Kit
	t      *testing.T
	r      *rand.Rand
	offset atomic.Int64
	calls  int
}

func (w *chance) now() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }

func newChance(t *testing.T, seed uint64) *chance {
	t.Helper()
	w := &chance{t: t, r: rand.New(rand.NewPCG(seed, 1))}
	w.Kit = testkit.New(t, testkit.Options{Now: w.now})
	w.Apply(t, explainedWorld, explainedFiles())
	ctx := t.Context()
	for _, env := range explainedEnvs {
		for name, doc := range map[string]string{"posts": `{"_id":"p1","public":true}`, "own": `{"_id":"o1","_openid":"u1"}`} {
			_, err := w.Services.Documents.AddDocument(ctx, testkit.Actor, shop, env, name, doc)
			ok(t, err)
		}
	}
	for _, person := range []string{"u1", "u2"} {
		for _, app := range []string{shop, mini, rival} {
			s := w.session(app, person)
			ok(t, w.Store.Clients.InsertSession(ctx, s, 10))
		}
	}
	return w
}

func (w *chance) session(app, person string) models.ClientSession {
	far := w.now().Add(1000 * time.Hour).UTC()
	return models.ClientSession{ID: app[2:10] + person, AppID: app, OpenID: person, CreatedAt: w.now().UTC(), AccessUntil: far, RefreshUntil: far}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *chance) maybe(n, of int) bool { return w.r.IntN(of) < n }

func pick[T any](w *chance, list ...T) T { return list[w.r.IntN(len(list))] }

// shake sets share, policy and verdicts of an environment anew.
func (w *chance) shake(env string) {
	w.t.Helper()
	ctx, s := w.t.Context(), w.Services
	w.offset.Add(int64(time.Minute))
	shares, err := s.Sharing.Outgoing(ctx, testkit.Actor, shop, models.PageRequest{})
	ok(w.t, err)
	for _, one := range shares.Shares {
		ok(w.t, s.Sharing.Remove(ctx, testkit.Actor, shop, one.Share.ID))
	}
	ok(w.t, s.Access.SetPolicy(ctx, testkit.Actor, shop, env, models.ClientPolicy{
		Unauthenticated: w.maybe(1, 2), Origins: pick(w, nil, []string{"https://open.example"}),
	}))
	ok(w.t, w.Store.Clients.DropVerdict(ctx, mini, "u1", env))
	if w.maybe(1, 6) {
		w.saveVerdict(env, "01STALE", time.Hour)
		return
	}
	until := w.now().Add(time.Hour)
	permissions := models.AllPermissions
	if w.maybe(1, 2) {
		permissions = models.NewPermissionSet(models.FunctionsView, models.FunctionsInvoke, pick(w, models.DatabaseRead, models.DatabaseWrite, models.StorageRead, models.StorageWrite))
	}
	share, err := s.Sharing.Share(ctx, testkit.Actor, shop, service.ShareInput{
		GranteeAppID: mini, Until: &until, Grants: []models.Grant{{EnvironmentID: env, Permissions: permissions}},
	})
	ok(w.t, err)
	grant, _ := share.Grant(env)
	switch w.r.IntN(8) {
	case 0:
		w.saveVerdict(env, "01STALE", time.Hour)
	case 1:
		w.saveVerdict(env, grant.ID, -time.Second)
	case 2, 3, 4, 5, 6:
		w.saveVerdict(env, grant.ID, 3*time.Hour)
	}
	switch w.r.IntN(8) {
	case 0:
		ok(w.t, s.Sharing.Pause(ctx, testkit.Actor, shop, share.ID))
	case 1:
		w.offset.Add(int64(2 * time.Hour))
	}
}

func (w *chance) saveVerdict(env, grant string, life time.Duration) {
	w.t.Helper()
	ok(w.t, w.Store.Clients.SaveVerdict(w.t.Context(), models.Verdict{
		AppID: mini, OpenID: "u1", EnvironmentID: env, GrantID: grant, Custom: pick(w, "", `{"role":"member"}`, `{"role":"guest"}`), ExpiresAt: w.now().Add(life).UTC(),
	}))
}

// question is a call at random, by a caller on a plane.
func (w *chance) question(env, caller string, plane models.Plane, o models.Operation) service.Question {
	q := service.Question{CallerAppID: caller, EnvironmentID: env, Plane: plane, Operation: o.Name}
	switch o.On {
	case "":
	case models.RuleFunctions:
		q.Resource = pick(w, "open", "members", "gone")
	case models.RuleBucket:
		q.Resource = pick(w, "a.txt", "b/c.png")
	default:
		q.Resource = pick(w, "own", "shown", "secret", "open", "posts", "members")
		q.Query = pick(w, `{"public":true}`, `{"public":false}`, `{"_openid":"{openid}"}`)
		q.Data = pick(w, `{"title":"x"}`, `{"price":3}`)
		if plane == models.PlaneClient && o.Name != "database.aggregate" && w.maybe(1, 3) {
			q.ID, q.Query = pick(w, "p1", "o1", "none"), ""
		}
	}
	if plane == models.PlaneClient {
		q.Person = service.AskedPerson{Visitor: w.maybe(1, 3)}
		if !q.Person.Visitor {
			q.Person.OpenID = pick(w, "u1", "u1", "u2")
		}
		q.Origin = pick(w, "", "", "https://open.example", "https://closed.example")
	}
	if w.maybe(1, 10) {
		q.ResourceAppID = rival
	}
	return q
}

// visit are the facts of a call without login.
func (w *chance) visit(c service.ClientCall) models.VisitFacts {
	v := models.VisitFacts{Env: c.EnvironmentID, ResourceAppID: c.ResourceAppID, Origin: c.Origin}
	e, err := w.Store.Environments.ByID(w.ctx(), c.EnvironmentID)
	if err == nil {
		v.Owner, v.Policy = e.AppID, e.Policy()
	}
	return v
}

// serial names calls that must not be taken for one another.
func (w *chance) serial() string { w.calls++; return fmt.Sprint("call-", w.calls) }

func (w *chance) ctx() context.Context { return w.t.Context() }
