package service

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb"
	"envshare/internal/docdb/aggregate"
	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/internal/rules"
	"envshare/models"
)

// guard is the security rules of one collection, or of the bucket, for one caller.
type guard struct {
	clients    *Clients
	scope      clientScope
	env        string
	collection string // "" for the bucket
	set        *rules.Set
	input      rules.Input
	call       ClientCall // that is judged
	// verdict receives why a call was decided as it was, for the rule simulator; nil
	// where nobody asks.
	verdict *rules.Verdict
}

// guardCollection decides a call up to the rules and returns those of its
// collection.
func (s *Clients) guardCollection(ctx context.Context, c ClientDocumentCall, p models.Permission) (guard, error) {
	c.resource = c.Collection
	scope, err := s.enter(ctx, c.ClientCall, p)
	if err != nil {
		return guard{}, err
	}
	return s.guardOn(ctx, scope, c.ClientCall, c.Collection)
}

func (s *Clients) guardOn(ctx context.Context, scope clientScope, c ClientCall, collection string) (guard, error) {
	if err := models.CheckCollectionName(collection); err != nil {
		return guard{}, err
	}
	return s.guardOf(ctx, scope, c, ruleKey{scope.env, models.RuleCollection, collection}, rules.Database)
}

func (s *Clients) guardBucket(ctx context.Context, scope clientScope, c ClientCall) (guard, error) {
	return s.guardOf(ctx, scope, c, ruleKey{scope.env, models.RuleBucket, ""}, rules.Storage)
}

func (s *Clients) guardOf(ctx context.Context, scope clientScope, c ClientCall, key ruleKey, kind rules.Kind) (guard, error) {
	set, err := s.ruleSet(ctx, scope.facts, key, kind)
	if err != nil {
		return guard{}, err
	}
	input, err := s.ruleInput(scope, c)
	return guard{clients: s, scope: scope, env: scope.env, collection: key.name, set: set, input: input, call: c}, err
}

// ruleInput is the caller as rules see it.
func (s *Clients) ruleInput(scope clientScope, c ClientCall) (rules.Input, error) {
	in := rules.Input{Now: s.clock(), Lookup: ruleLookup{s.documents.db, scope.env}}
	if !c.Client.LoggedIn() {
		return in, nil
	}
	session := c.Client.session
	in.Auth = &rules.Auth{OpenID: session.OpenID, UnionID: session.UnionID, AppID: session.AppID}
	if session.Scope != "" {
		in.Auth.LoginType = loginWeb
	}
	if scope.custom == "" {
		return in, nil
	}
	var err error
	in.Auth.Custom, err = ejson.DecodeDocument([]byte(scope.custom), in.Now, ejson.Limits{})
	return in, err
}

// loginWeb is auth.loginType of an official account's person; mini programs have
// none (facts, section 5.1).
const loginWeb = "WECHAT_PUBLIC"

// ruleLookup reads the documents that get() names.
type ruleLookup struct {
	db  *docdb.DB
	env string
}

// Get implements rules.Lookup. A collection that is not there has no documents.
func (l ruleLookup) Get(ctx context.Context, collection, id string) (doc bson.Raw, found bool, err error) {
	err = l.db.Find(ctx, l.env, collection, "", docdb.Query{Filter: equals("_id", value.String(id)), Limit: 1}, func(d bson.Raw) error {
		doc, found = append(bson.Raw(nil), d...), true
		return nil
	})
	if models.IsCode(err, models.CodeCollectionUnknown) {
		err = nil
	}
	return doc, found, err
}

// denied is the refusal of a call. It says where and by what, and not what the rule
// is: that is the owner's.
func (g guard) denied() error {
	err := models.E(models.CodeRuleDenied, "call.rule_denied_storage", "environment", g.env)
	if g.collection != "" {
		err = models.E(models.CodeRuleDenied, "call.rule_denied", "collection", g.collection, "environment", g.env)
	}
	if g.verdict == nil { // nobody only tries
		g.clients.refused(g.call, g.scope, string(g.scope.permission), err)
	}
	return err
}

// judge turns what a rule said into the refusal of a call, nil for none.
func (g guard) judge(v rules.Verdict, err error) error {
	if g.verdict != nil {
		*g.verdict = v
	}
	if err == nil && !v.Allowed {
		err = g.denied()
	}
	return err
}

// evaluate asks a rule about one document, file, or none.
func (g guard) evaluate(ctx context.Context, op rules.Operation, doc, data bson.Raw) error {
	in := g.input
	in.Doc, in.Data = doc, data
	return g.judge(g.set.Rule(op).Evaluate(ctx, in))
}

// ownOnly reports whether a preset lets the caller at their own documents alone.
// Then their calls are about these, and a condition says so: that is how the
// presets work at the vendor.
func (g guard) ownOnly(op rules.Operation) bool {
	return g.input.Auth != nil && g.set.Preset() != models.PresetCustom && g.set.Rule(op).NeedsDoc()
}

// condition decides a call by its query and returns the query that may be run. A
// call on doc(id) is decided by the document; data is what it submits.
func (g guard) condition(ctx context.Context, op rules.Operation, byID bool, filter, data bson.Raw) (bson.Raw, error) {
	rule := g.set.Rule(op)
	switch {
	case g.ownOnly(op):
		own := both(filter, equals("_openid", value.String(g.input.Auth.OpenID)))
		return own, g.judge(rules.Verdict{Allowed: true, Part: rule.String()}, nil)
	case !rule.NeedsDoc():
		return filter, g.evaluate(ctx, op, nil, data)
	case byID:
		// Whether there is such a document shows only where the rule allows it.
		doc, err := g.clients.readable(ctx, g, filter)
		if err != nil {
			return nil, err
		}
		return filter, g.allowDocument(ctx, op, doc, data)
	}
	in := g.input
	in.Data = data
	v, narrowed, err := rule.Narrow(ctx, filter, in)
	return narrowed, g.judge(v, err)
}

// check decides about a document inside of a write; nil where the query decided.
func (g guard) check(ctx context.Context, op rules.Operation, byID bool, data bson.Raw) func(doc bson.Raw) error {
	if !byID || g.ownOnly(op) || !g.set.Rule(op).NeedsDoc() {
		return nil
	}
	return func(doc bson.Raw) error { return g.evaluate(ctx, op, doc, data) }
}

func (g guard) allowNew(ctx context.Context, doc bson.Raw) error {
	return g.evaluate(ctx, rules.Create, doc, doc)
}

// allowDocument decides a call on doc(id) by its document, nil when there is none.
// One that is not there fails a rule that has to look at it: under a rule such as
// doc.secret != true a refusal would otherwise tell that there is one.
func (g guard) allowDocument(ctx context.Context, op rules.Operation, doc, data bson.Raw) error {
	rule := g.set.Rule(op)
	if doc != nil || !rule.NeedsDoc() {
		return g.evaluate(ctx, op, doc, data)
	}
	in := g.input
	in.Data = data
	v, settled, err := rule.Settle(ctx, in)
	if err == nil && !settled {
		v = rules.Verdict{Part: rule.String(), Reason: models.M("rules.no_document")}
	}
	return g.judge(v, err)
}

// allowWhole lets a pipeline join a collection: only one that the caller may read
// whatever its documents are.
func (g guard) allowWhole(ctx context.Context) error {
	if rule := g.set.Rule(rules.Read); rule.NeedsDoc() {
		return g.judge(rules.Verdict{Part: rule.String(), Reason: models.M("rules.joined", "collection", g.collection)}, nil)
	}
	return g.evaluate(ctx, rules.Read, nil, nil)
}

// allowStore decides the writing of a file: of the one that is there, or of a new
// one, which has no path yet and will be the caller's own.
func (g guard) allowStore(ctx context.Context, there models.File) error {
	owner := there.OwnerOpenID
	if there.Path == "" && g.input.Auth != nil {
		owner = g.input.Auth.OpenID
	}
	return g.allowFile(ctx, rules.Write, owner)
}

func (g guard) allowFile(ctx context.Context, op rules.Operation, ownerOpenID string) error {
	g.input.Resource = &rules.Resource{OpenID: ownerOpenID}
	return g.evaluate(ctx, op, nil, nil)
}

// pipeline decides an aggregation by its first stage and returns the stages that
// may be run.
func (g guard) pipeline(ctx context.Context, stages []aggregate.Stage) ([]aggregate.Stage, error) {
	filter, rest, put := firstFilter(stages)
	filter, err := rules.Substitute(filter, g.input.Auth)
	if err != nil {
		return nil, err
	}
	if filter, err = g.condition(ctx, rules.Read, false, filter, nil); err != nil {
		return nil, err
	}
	return put(filter, rest), nil
}

// firstFilter takes the condition out of a pipeline's first stage, and says how
// one is put back. Without one it is empty.
func firstFilter(stages []aggregate.Stage) (filter bson.Raw, rest []aggregate.Stage, put func(bson.Raw, []aggregate.Stage) []aggregate.Stage) {
	match := func(filter bson.Raw, rest []aggregate.Stage) []aggregate.Stage {
		if len(filter) <= emptyDocument {
			return rest
		}
		return append([]aggregate.Stage{{Name: "$match", Value: value.Document(filter)}}, rest...)
	}
	empty := bson.Raw(bsoncore.BuildDocument(nil, nil))
	if len(stages) == 0 {
		return empty, nil, match
	}
	first, _ := value.AsDocument(stages[0].Value)
	switch stages[0].Name {
	case "$match":
		if first != nil {
			return first, stages[1:], match
		}
	case "$geoNear": // it must stay the first
		filter, ok := value.AsDocument(value.Get(first, value.Path{"query"}))
		if !ok {
			filter = empty
		}
		return filter, stages[1:], func(filter bson.Raw, rest []aggregate.Stage) []aggregate.Stage {
			near := stages[0]
			if len(filter) > emptyDocument {
				near.Value = value.Document(withField(first, "query", value.Document(filter)))
			}
			return append([]aggregate.Stage{near}, rest...)
		}
	}
	return empty, stages, match
}

// both joins two conditions.
func both(a, b bson.Raw) bson.Raw {
	if len(a) <= emptyDocument {
		return b
	}
	list := bsoncore.NewArrayBuilder().AppendDocument(bsoncore.Document(a)).AppendDocument(bsoncore.Document(b)).Build()
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendArray("$and", list).Build())
}
