package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/rules"
	"envshare/web/session"
)

// page is the page of a rule, with the form as it was sent, or as it begins.
func (h AccessRules) page(c echo.Context, at rulePlace, f *ruleForm) (rules.Page, error) {
	ctx := c.Request().Context()
	tab := map[models.RuleKind]string{models.RuleCollection: tabDatabase, models.RuleBucket: tabStorage, models.RuleFunctions: tabSettings}[h.kind]
	page := rules.Page{
		Base: h.base(c, at.place, tab), AppID: at.App.AppID, EnvID: at.environmentID(), Kind: h.kind, Address: at.address,
		Head: collectionHead(ctx, at.place, at.target.Name), WhyNot: reason(ctx, at.opened.MayConfigure()),
	}
	if page.WhyNot != "" {
		return page, nil
	}
	saved, err := h.services.Access.Rule(ctx, session.Actor(c), at.App.AppID, at.environmentID(), at.target)
	if err != nil {
		return page, err
	}
	page.InForce, page.InForceText = h.ruleName(ctx, saved.Preset, len(saved.Versions) > 0), saved.Text
	page.Preset, page.Text = string(saved.Preset), indented(saved.Text)
	if f != nil {
		page.Preset, page.Text = string(f.Preset), f.Text
	}
	page.Presets, page.Examples = h.choices(ctx), examples(ctx, h.kind)
	page.Simulation = h.simulationForm(at.App.AppID, f)
	for i, v := range saved.Versions {
		page.Versions = append(page.Versions, rules.VersionRow{
			ID: v.ID, Name: h.ruleName(ctx, v.Preset, true), Text: v.Rules, By: v.SavedBy, At: h.second(v.CreatedAt), Current: i == 0,
		})
	}
	return page, nil
}

// ruleName names what is in force. Function calls have no presets, but rules that
// hold while none were saved.
func (h AccessRules) ruleName(ctx context.Context, preset models.Preset, saved bool) string {
	if h.kind == models.RuleFunctions && !saved {
		return i18n.T(ctx, "access_rule.functions_default")
	}
	return i18n.T(ctx, preset.MessageKey())
}

// problem says what is wrong with a rule, and where.
func problem(ctx context.Context, f ruleForm, err error) string {
	if f.Preset == models.PresetCustom && f.Text == "" {
		return i18n.T(ctx, "error.required")
	}
	at := service.PlaceOfRule(f.rules(), err)
	message := i18n.Text(i18n.Locale(ctx), at.Msg.Key, at.Msg.Args)
	switch {
	case at.Line == 0:
		return message
	case at.Key == "":
		return i18n.T(ctx, "access_rule.problem", "line", at.Line, "column", at.Column, "message", message)
	}
	return i18n.T(ctx, "access_rule.problem_key", "line", at.Line, "column", at.Column, "key", at.Key, "message", message)
}

// presetHints explain the presets.
var presetHints = map[models.Preset]string{
	models.PresetCreator:      "access_rule.creator_hint",
	models.PresetAllRead:      "access_rule.all_read_hint",
	models.PresetAllReadAdmin: "access_rule.all_read_admin_hint",
	models.PresetAdmin:        "access_rule.admin_hint",
	models.PresetCustom:       "access_rule.custom_hint",
}

// choices are the presets and custom rules; function calls have no presets.
func (h AccessRules) choices(ctx context.Context) []rules.Choice {
	if h.kind == models.RuleFunctions {
		return nil
	}
	var out []rules.Choice
	for _, p := range append(models.Presets(), models.PresetCustom) {
		out = append(out, rules.Choice{Value: string(p), Label: i18n.T(ctx, p.MessageKey()), Hint: i18n.T(ctx, presetHints[p])})
	}
	return out
}

// ruleExamples are rules to copy, each with the key of what it says.
var ruleExamples = map[models.RuleKind][]struct{ key, text string }{
	models.RuleCollection: {
		{"access_rule.example_own", `{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`},
		{"access_rule.example_public", `{"read": true, "write": "doc._openid == auth.openid"}`},
		{"access_rule.example_role", `{"read": "auth.custom.role in ['staff', 'admin']", "write": "auth.custom.role == 'admin'"}`},
		{"access_rule.example_data", `{"read": true, "create": "auth != null", "update": "doc._openid == auth.openid && request.data.price == undefined", "delete": false}`},
		{"access_rule.example_range", `{"read": "doc.status == 'published' && doc.openAt <= now", "write": false}`},
		{"access_rule.example_get", "{\"read\": \"get(`database.members.${auth.openid}`).level == 'vip'\", \"write\": false}"},
	},
	models.RuleBucket: {
		{"access_rule.example_files", `{"read": true, "write": "resource.openid == auth.openid"}`},
		{"access_rule.example_files_role", `{"read": "auth != null", "write": "auth.custom.role == 'editor'"}`},
	},
	models.RuleFunctions: {
		{"access_rule.example_login", `{"*": {"invoke": "auth != null"}}`},
		{"access_rule.example_one", `{"*": {"invoke": false}, "getProducts": {"invoke": true}}`},
		{"access_rule.example_function_role", `{"*": {"invoke": "auth != null"}, "refund": {"invoke": "auth.custom.role == 'admin'"}}`},
	},
}

func examples(ctx context.Context, kind models.RuleKind) []rules.Example {
	var out []rules.Example
	for _, e := range ruleExamples[kind] {
		out = append(out, rules.Example{Title: i18n.T(ctx, e.key), Text: e.text})
	}
	return out
}
