package service

import (
	"encoding/json"
	"strings"
	"testing"

	"envshare/internal/docdb/ejson"
	"envshare/models"
)

// simulated is a call of a person of shop, or without login, that is both simulated
// and made.
type simulated struct {
	rule          string // a preset, or JSON
	visitor       bool
	op, query, id string
	data, stages  string
	allowed       bool
	part          string // that decided, "" for whichever
}

func (c simulated) preset() (models.Preset, string) {
	if strings.HasPrefix(c.rule, "{") {
		return models.PresetCustom, c.rule
	}
	return models.Preset(c.rule), ""
}

const simulatedPerson = "o-person"

// call makes the call at the door of the gateway.
func (c simulated) call(t *testing.T, w *world) error {
	t.Helper()
	call := ClientDocumentCall{ClientCall: ClientCall{ResourceAppID: shop, EnvironmentID: "shop-1"}, Collection: "todos", ByID: c.id != ""}
	if !c.visitor {
		call.Client = Client{models.ClientSession{ID: "s", AppID: shop, OpenID: simulatedPerson}}
	}
	query := c.query
	if c.id != "" {
		query = `{"_id": "` + c.id + `"}`
	}
	var err error
	switch c.op {
	case "read":
		_, err = w.Clients.Find(t.Context(), call, ClientQuery{Query: query})
	case "create":
		_, err = w.Clients.Add(t.Context(), call, c.data)
	case "update":
		_, err = w.Clients.Update(t.Context(), call, query, `{"$set": `+c.data+`}`, true)
	case "delete":
		_, err = w.Clients.Remove(t.Context(), call, query, true)
	case "aggregate":
		var list []map[string]json.RawMessage
		must(t, json.Unmarshal([]byte(c.stages), &list))
		var stages []DocumentStage
		for _, one := range list {
			for name, v := range one {
				stages = append(stages, DocumentStage{Name: name, Value: string(v)})
			}
		}
		_, err = w.Clients.Aggregate(t.Context(), call, stages)
	}
	return err
}

// TestTheSimulatorDecidesAsTheGatewayDoes makes every call that it simulates.
func TestTheSimulatorDecidesAsTheGatewayDoes(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	must(t, w.Access.SetPolicy(ctx, shopAdmin, shop, "shop-1", models.ClientPolicy{Unauthenticated: true}))
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
	for _, doc := range []string{`{"_id":"mine","_openid":"o-person","n":1}`, `{"_id":"theirs","_openid":"o-other","n":5}`, `{"_id":"o-person","level":"vip"}`} {
		_, err := w.Documents.AddDocument(ctx, shopAdmin, shop, "shop-1", "todos", doc)
		must(t, err)
	}
	for name, rule := range map[string]string{"open": `{"read": true}`, "closed": `{"read": false}`} {
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", name))
		must(t, w.Access.SaveRule(ctx, shopAdmin, shop, "shop-1", RuleTarget{Kind: models.RuleCollection, Name: name}, models.PresetCustom, rule))
	}
	own := `{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`
	vip := "{\"read\": \"get(`database.todos.${auth.openid}`).level == 'vip' && doc.n < 5\", \"write\": \"request.data.n == undefined\"}"
	for name, c := range map[string]simulated{
		"preset, own":                  {rule: "creator_read_write", op: "read", query: `{}`, allowed: true},
		"preset, without login":        {rule: "all_read_creator_write", visitor: true, op: "read", query: `{}`, part: "true"},
		"preset, nobody":               {rule: "admin_read_write", op: "read", query: `{}`, part: "false"},
		"custom, not implied":          {rule: own, op: "read", query: `{}`, part: "doc._openid == auth.openid"},
		"custom, implied":              {rule: own, op: "read", query: `{"_openid": "{openid}"}`, allowed: true},
		"custom, document of theirs":   {rule: own, op: "read", id: "theirs"},
		"custom, document of mine":     {rule: own, op: "read", id: "mine", allowed: true},
		"custom, everybody":            {rule: `{"read": true}`, visitor: true, op: "read", query: `{}`, allowed: true},
		"custom, no rule":              {rule: `{"read": true}`, op: "delete", id: "mine", part: "false"},
		"get and range":                {rule: vip, op: "read", query: `{"n": {"$lt": 3}}`, allowed: true},
		"get and too wide a range":     {rule: vip, op: "read", query: `{"n": {"$lt": 9}}`, part: "doc.n < 5"},
		"get, without login":           {rule: vip, visitor: true, op: "read", query: `{"n": 1}`},
		"update that is allowed":       {rule: vip, op: "update", query: `{"n": 1}`, data: `{"m": 2}`, allowed: true},
		"update of what it must not":   {rule: vip, op: "update", query: `{"n": 1}`, data: `{"n": 2}`, part: "request.data.n == undefined"},
		"create that is allowed":       {rule: own, op: "create", data: `{"m": 1}`, allowed: true},
		"create without login":         {rule: own, visitor: true, op: "create", data: `{"m": 1}`},
		"delete of theirs by query":    {rule: own, op: "delete", query: `{"_openid": "o-other"}`},
		"pipeline that is implied":     {rule: own, op: "aggregate", stages: `[{"$match": {"_openid": "{openid}"}}, {"$count": "n"}]`, allowed: true},
		"pipeline, match too late":     {rule: own, op: "aggregate", stages: `[{"$sort": {"n": 1}}, {"$match": {"_openid": "{openid}"}}]`, part: "doc._openid == auth.openid"},
		"pipeline of nothing":          {rule: own, op: "aggregate", stages: `[]`, part: "doc._openid == auth.openid"},
		"pipeline of a preset":         {rule: "creator_read_write", op: "aggregate", stages: `[{"$group": {"_id": "$n"}}]`, allowed: true},
		"pipeline without login":       {rule: own, visitor: true, op: "aggregate", stages: `[{"$match": {"n": 1}}]`},
		"join with what all may read":  {rule: own, op: "aggregate", stages: `[{"$match": {"_openid": "{openid}"}}, {"$lookup": {"from": "open", "localField": "n", "foreignField": "n", "as": "j"}}]`, allowed: true},
		"join with what is one's own":  {rule: own, op: "aggregate", stages: `[{"$match": {"_openid": "{openid}"}}, {"$lookup": {"from": "todos", "localField": "n", "foreignField": "n", "as": "j"}}]`, part: "doc._openid == auth.openid"},
		"join with what is closed":     {rule: own, op: "aggregate", stages: `[{"$match": {"_openid": "{openid}"}}, {"$facet": {"f": [{"$lookup": {"from": "closed", "pipeline": [], "as": "j"}}]}}]`, part: "false"},
		"delete of what there is none": {rule: own, op: "delete", query: `{"_openid": "o-person", "n": 77}`, allowed: true},
	} {
		t.Run(name, func(t *testing.T) {
			preset, text := c.preset()
			target := RuleTarget{Kind: models.RuleCollection, Name: "todos"}
			in := Simulation{
				Preset: preset, Rules: text, Operation: c.op, Query: c.query, Stages: c.stages, ID: c.id, Data: c.data,
				Caller: SimulatedCaller{LoggedIn: !c.visitor, OpenID: simulatedPerson, AppID: shop},
			}
			got, err := w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", target, in)
			must(t, err)
			if got.Allowed != c.allowed || got.Closed || c.part != "" && got.Part != c.part || got.Part == "" || got.Allowed == (got.Reason.Key != "") {
				t.Errorf("simulated: %+v", got)
			}
			must(t, w.Access.SaveRule(ctx, shopAdmin, shop, "shop-1", target, preset, text))
			err = c.call(t, w)
			if err != nil && !models.IsCode(err, models.CodeRuleDenied) || (err == nil) != c.allowed {
				t.Errorf("called: %v", err)
			}
		})
	}
}

func TestTheSimulatorSaysWhy(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	target := RuleTarget{Kind: models.RuleCollection, Name: "todos"}
	person := SimulatedCaller{LoggedIn: true, OpenID: simulatedPerson, Custom: `{"role": "guest"}`}
	got, err := w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", target, Simulation{
		Preset: models.PresetCustom, Rules: `{"read": "auth.custom.role == 'staff' || auth.loginType == 'WECHAT_PUBLIC'"}`, Operation: "read", Caller: person,
	})
	if err != nil || got.Allowed || len(got.Trace) == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	values := map[string]string{}
	for _, step := range got.Trace {
		values[step.Part] = step.Value
	}
	if values["auth.custom.role == 'staff'"] != "false" || values["auth.loginType == 'WECHAT_PUBLIC'"] != "false" {
		t.Errorf("trace %v", values)
	}
	person.Web = true
	if got, err = w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", target, Simulation{
		Preset: models.PresetCustom, Rules: `{"read": "auth.loginType == 'WECHAT_PUBLIC'"}`, Operation: "read", Caller: person,
	}); err != nil || !got.Allowed {
		t.Errorf("web: %+v, %v", got, err)
	}
	got, err = w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", target, Simulation{Preset: models.PresetCreator, Operation: "read", Query: `{"a": 1}`, Caller: person})
	if err != nil || !got.Allowed || !strings.Contains(got.Condition, simulatedPerson) {
		t.Errorf("narrowed: %+v, %v", got, err)
	}
	got, err = w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", target, Simulation{Preset: models.PresetCreator, Operation: "read"})
	if err != nil || got.Allowed || !got.Closed {
		t.Errorf("without login: %+v, %v", got, err)
	}
}

func TestTheSimulatorRefusesWhatIsNoCall(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	target := RuleTarget{Kind: models.RuleCollection, Name: "todos"}
	for field, in := range map[string]Simulation{
		"openid":    {Operation: "read", Caller: SimulatedCaller{LoggedIn: true, OpenID: "a b"}},
		"unionid":   {Operation: "read", Caller: SimulatedCaller{LoggedIn: true, OpenID: "a", UnionID: "é"}},
		"custom":    {Operation: "read", Caller: SimulatedCaller{LoggedIn: true, OpenID: "a", Custom: "[]"}},
		"operation": {Operation: "invoke"},
		"query":     {Operation: "delete"},
		"stages":    {Operation: "aggregate", Stages: `{"$match": {}}`},
		"data":      {Operation: "update", Query: `{"a": 1}`, Data: `{"_openid": "x"}`},
	} {
		in.Preset = models.PresetAdmin
		_, err := w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", target, in)
		if fields := models.FieldErrors(err); !models.IsCode(err, models.CodeInvalid) || len(fields) != 1 || fields[field].Key == "" {
			t.Errorf("%s: %v %v", field, err, fields)
		}
	}
	in := Simulation{Preset: models.PresetAdmin, Operation: "read"}
	for who, code := range map[models.Actor]models.Code{shopDeveloper: models.CodeForbidden, shopViewer: models.CodeForbidden, outsider: models.CodeNotFound} {
		if _, err := w.Access.Simulate(ctx, who, shop, "shop-1", target, in); !models.IsCode(err, code) {
			t.Errorf("%s: %v", who.Username, err)
		}
	}
}

func TestS10_ABorrowerNeitherSeesNorTriesRules(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	_, err := w.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1"))
	must(t, err)
	target := RuleTarget{Kind: models.RuleBucket}
	_, simulate := w.Access.Simulate(ctx, dinerAdmin, diner, "shop-1", target, Simulation{Preset: models.PresetAdmin, Operation: "read"})
	_, check := w.Access.CheckRule(ctx, dinerAdmin, diner, "shop-1", target, models.PresetAdmin, "")
	_, read := w.Access.Rule(ctx, dinerAdmin, diner, "shop-1", target)
	_, policy := w.Access.Policy(ctx, dinerAdmin, diner, "shop-1")
	for name, err := range map[string]error{
		"simulate": simulate, "check": check, "read": read, "policy": policy,
		"save":       w.Access.SaveRule(ctx, dinerAdmin, diner, "shop-1", target, models.PresetAllRead, ""),
		"restore":    w.Access.RestoreRule(ctx, dinerAdmin, diner, "shop-1", target, "x"),
		"set policy": w.Access.SetPolicy(ctx, dinerAdmin, diner, "shop-1", models.ClientPolicy{Origins: []string{"nonsense"}}),
	} {
		if !models.IsCode(err, models.CodeForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDataOfAnUpdateMayHaveOperators(t *testing.T) {
	for text, want := range map[string]string{`{"a":1}`: `{"$set":{"a":1}}`, `{"$inc":{"a":1}}`: `{"$inc":{"a":1}}`, `{}`: `{"$set":{}}`} {
		doc, err := ejson.DecodeDocument([]byte(text), start, ejson.Limits{})
		must(t, err)
		if got := string(ejson.AppendDocument(nil, asUpdate(doc))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
