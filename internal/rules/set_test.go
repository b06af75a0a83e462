package rules_test

import (
	"errors"
	"testing"

	"envshare/internal/rules"
	"envshare/models"
)

func TestSetsReadAndPrint(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: `{}`,
		`{"write": "doc._openid==auth.openid", "read": true}`:                  `{"read": true, "write": "doc._openid == auth.openid"}`,
		`{"delete":false,"create":"auth!=null","update":"request.data.a < 3"}`: `{"create": "auth != null", "update": "request.data.a < 3", "delete": false}`,
		`{"read": "true", "write": "doc.a == \"x\""}`:                          `{"read": true, "write": "doc.a == 'x'"}`,
	} {
		set, err := rules.ParseSet(rules.Database, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		again, err := rules.ParseSet(rules.Database, set.String())
		if set.String() != want || err != nil || again.String() != want {
			t.Errorf("%s prints %s, then %v, %v; want %s", text, set, again, err, want)
		}
		if set.Preset() != models.PresetCustom {
			t.Errorf("%s is the preset %s", text, set.Preset())
		}
	}
}

func TestWrongSetsNameTheKey(t *testing.T) {
	for _, test := range []struct {
		kind             rules.Kind
		text, field, key string
		column           int
	}{
		{rules.Database, `[]`, "", "rules.set_json", 0},
		{rules.Database, `{"read": true`, "", "rules.set_json", 0},
		{rules.Database, `{"read": true} x`, "", "rules.set_json", 0},
		{rules.Database, `{"reed": true}`, "reed", "rules.set_key", 0},
		{rules.Database, `{"invoke": true}`, "invoke", "rules.set_key", 0},
		{rules.Storage, `{"create": true}`, "create", "rules.set_key", 0},
		{rules.Database, `{"read": 1}`, "read", "rules.set_value", 0},
		{rules.Database, `{"read": null}`, "read", "rules.set_value", 0},
		{rules.Database, `{"read": true, "read": false}`, "read", "rules.set_twice", 0},
		{rules.Database, `{"read": true, "write": "doc.a ="}`, "write", "rules.character", 7},
		{rules.Database, `{"read": "request.data.a == 1"}`, "read", "rules.request_data", 1},
		{rules.Storage, `{"read": "doc.a == 1"}`, "read", "rules.only_database", 1},
		{rules.Function, `{"a": {"invoke": true}}`, "*", "rules.set_any", 0},
		{rules.Function, `{"*": {"invoke": true}, "a": {}}`, "a", "rules.set_invoke", 0},
		{rules.Function, `{"*": {"invoke": true}, "a": true}`, "a", "rules.set_object", 0},
		{rules.Function, `{"*": {"invoke": true}, "a": {"read": true}}`, "a.read", "rules.set_key", 0},
		{rules.Function, `{"*": {"invoke": true}, "a": {"invoke": "auth = null"}}`, "a.invoke", "rules.character", 6},
		{rules.Function, `{"*": {"invoke": true}, "": {"invoke": true}}`, "", "rules.set_name", 0},
		{rules.Function, `{"*": {"invoke": true}, "*": {"invoke": true}}`, "*", "rules.set_twice", 0},
	} {
		var err error
		if test.kind == rules.Function {
			_, err = rules.ParseFunctions(test.text)
		} else {
			_, err = rules.ParseSet(test.kind, test.text)
		}
		var e *models.Error
		if !errors.As(err, &e) || e.Code != models.CodeInvalid {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		msg := e.Msg
		if inner, ok := e.Fields[test.field]; ok {
			msg = inner
			if e.Msg.Key != "rules.set" || e.Msg.Args["key"] != test.field {
				t.Errorf("%s: message %v", test.text, e.Msg)
			}
		}
		_, column, _ := rules.Place(err)
		if msg.Key != test.key || column != test.column {
			t.Errorf("%s: %s at %d, want %s at %d", test.text, msg.Key, column, test.key, test.column)
		}
	}
}

func TestFunctionsReadAndPrint(t *testing.T) {
	f, err := rules.ParseFunctions(`{"pay": {"invoke": "auth.custom.vip"}, "*": {"invoke": "auth!=null"}, "open": {"invoke": true}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"*": {"invoke": "auth != null"}, "open": {"invoke": true}, "pay": {"invoke": "auth.custom.vip"}}`
	if f.String() != want {
		t.Errorf("prints %s, want %s", f, want)
	}
	for name, rule := range map[string]string{"pay": "auth.custom.vip", "open": "true", "other": "auth != null", "*": "auth != null"} {
		if got := f.Rule(name).String(); got != rule {
			t.Errorf("%s has %s, want %s", name, got, rule)
		}
	}
	if got := rules.DefaultFunctions().String(); got != `{"*": {"invoke": "auth != null"}}` {
		t.Errorf("default is %s", got)
	}
}

func TestOperationsFallBack(t *testing.T) {
	set, err := rules.ParseSet(rules.Database, `{"write": "auth != null", "delete": false}`)
	if err != nil {
		t.Fatal(err)
	}
	for op, want := range map[rules.Operation]string{
		rules.Read: "false", rules.Write: "auth != null", rules.Create: "auth != null", rules.Update: "auth != null", rules.Delete: "false", rules.Invoke: "false",
	} {
		if got := set.Rule(op).String(); got != want {
			t.Errorf("%s has %s, want %s", op, got, want)
		}
	}
	var none rules.Set
	v, err := none.Rule(rules.Read).Evaluate(t.Context(), rules.Input{Auth: &rules.Auth{OpenID: "o1"}})
	if err != nil || v.Allowed {
		t.Errorf("an operation without a rule: %v, %v", v, err)
	}
	var nothing *rules.Rule
	if v, err := nothing.Implies(t.Context(), nil, rules.Input{}); err != nil || v.Allowed || nothing.NeedsDoc() {
		t.Errorf("no rule at all: %v, %v", v, err)
	}
}

// TestPresets asserts every cell: preset, kind, operation and caller.
func TestPresets(t *testing.T) {
	all := []rules.Operation{rules.Read, rules.Create, rules.Update, rules.Delete}
	allowed := map[models.Preset]map[string][]rules.Operation{
		models.PresetCreator:      {"creator": all},
		models.PresetAllRead:      {"creator": all, "other": {rules.Read}},
		models.PresetAllReadAdmin: {"creator": {rules.Read}, "other": {rules.Read}},
		models.PresetAdmin:        {},
	}
	callers := map[string]*rules.Auth{"creator": {OpenID: "o1"}, "other": {OpenID: "o2"}, "nameless": {UID: "u"}, "visitor": nil}
	for _, preset := range models.Presets() {
		for _, kind := range []rules.Kind{rules.Database, rules.Storage} {
			set, ok := rules.FromPreset(kind, preset)
			if !ok || set.Preset() != preset {
				t.Fatalf("%s is no preset", preset)
			}
			for caller, auth := range callers {
				for _, op := range all {
					if kind == rules.Storage && op != rules.Read {
						op = rules.Write
					}
					in := rules.Input{Auth: auth, Doc: raw(t, []byte(`{"_openid": "o1"}`)), Resource: &rules.Resource{OpenID: "o1"}}
					v, err := set.Rule(op).Evaluate(t.Context(), in)
					want := mayByPreset(allowed[preset][caller], op) || caller == "nameless" && mayByPreset(allowed[preset]["other"], op)
					if err != nil || v.Allowed != want {
						t.Errorf("%s, kind %d, %s, %s: %v, %v, want %v", preset, kind, caller, op, v.Allowed, err, want)
					}
					if caller == "visitor" && v.Reason.Key != "rules.preset_unauthenticated" {
						t.Errorf("%s, %s: %s", preset, op, v.Reason.Key)
					}
				}
			}
		}
	}
	if _, ok := rules.FromPreset(rules.Database, models.PresetCustom); ok {
		t.Error("custom is a preset")
	}
}

func mayByPreset(list []rules.Operation, op rules.Operation) bool {
	for _, one := range list {
		if one == op || op == rules.Write && one == rules.Update {
			return true
		}
	}
	return false
}

func TestPresetsPrintAsTheVendorWritesThem(t *testing.T) {
	for preset, want := range map[models.Preset]string{
		models.PresetCreator:      `{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`,
		models.PresetAllRead:      `{"read": true, "write": "doc._openid == auth.openid"}`,
		models.PresetAllReadAdmin: `{"read": true, "write": false}`,
		models.PresetAdmin:        `{"read": false, "write": false}`,
	} {
		set, _ := rules.FromPreset(rules.Database, preset)
		if set.String() != want {
			t.Errorf("%s prints %s, want %s", preset, set, want)
		}
		if _, err := rules.ParseSet(rules.Database, set.String()); err != nil {
			t.Errorf("%s: %v", preset, err)
		}
	}
	set, _ := rules.FromPreset(rules.Storage, models.PresetCreator)
	if want := `{"read": "resource.openid == auth.openid", "write": "resource.openid == auth.openid"}`; set.String() != want {
		t.Errorf("the bucket's prints %s, want %s", set, want)
	}
}

func TestForAccess(t *testing.T) {
	for _, test := range []struct {
		stored models.AccessRule
		write  string
	}{
		{models.AccessRule{Kind: models.RuleCollection, Preset: models.PresetDefault}, "doc._openid == auth.openid"},
		{models.AccessRule{Kind: models.RuleBucket, Preset: models.PresetAllRead}, "resource.openid == auth.openid"},
		{models.AccessRule{Kind: models.RuleCollection, Preset: models.PresetCustom, Rules: `{"write": "doc.a==1"}`}, "doc.a == 1"},
		{models.AccessRule{Kind: models.RuleBucket, Preset: models.PresetCustom, Rules: `{"write": "auth!=null"}`}, "auth != null"},
	} {
		set, err := rules.ForAccess(test.stored)
		if err != nil || set.Rule(rules.Write).String() != test.write || set.Preset() != test.stored.Preset {
			t.Errorf("%v: %v, %v", test.stored, set, err)
		}
	}
	if _, err := rules.ForAccess(models.AccessRule{Kind: models.RuleBucket, Preset: models.PresetCustom, Rules: `{"write": "doc.a == 1"}`}); !models.IsCode(err, models.CodeInvalid) {
		t.Errorf("a rule of a collection for the bucket: %v", err)
	}
}

func TestAPresetLetsNoVisitorQuery(t *testing.T) {
	set, _ := rules.FromPreset(rules.Database, models.PresetAllRead)
	v, err := set.Rule(rules.Read).Implies(t.Context(), raw(t, []byte(`{"_openid": "o1"}`)), rules.Input{})
	if err != nil || v.Allowed || v.Reason.Key != "rules.preset_unauthenticated" {
		t.Errorf("%v, %v", v, err)
	}
	custom, err := rules.ParseSet(rules.Database, `{"read": true}`)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := custom.Rule(rules.Read).Implies(t.Context(), nil, rules.Input{}); err != nil || !v.Allowed {
		t.Errorf("a custom rule lets visitors in: %v, %v", v, err)
	}
}
