package rules

import (
	"context"
	"envshare/views"

	"envshare/internal/i18n"
	"envshare/models"
)

func ruleTitle(ctx context.Context, p Page) string {
	switch p.Kind {
	case models.RuleCollection:
		return p.Head.Name
	case models.RuleBucket:
		return i18n.T(ctx, "access_rule.bucket")
	}
	return i18n.T(ctx, "access_rule.functions")
}

// textHint says when the text of the editor counts.
func (p Page) textHint(ctx context.Context) string {
	if len(p.Presets) == 0 {
		return i18n.T(ctx, "access_rule.functions_hint")
	}
	return i18n.T(ctx, "access_rule.text_hint")
}

// SimulationForm is a call to try, and what the rule says of it.
type SimulationForm struct {
	Caller, OpenID, UnionID, AppID, Custom string
	Operation                              string
	Operations                             []string // none for functions
	Query, Stages, ID, Data, Owner         string
	Function                               string
	Errors                                 views.Errors
	Result                                 *SimulationResult
}

// The callers that can be chosen.
const (
	CallerVisitor     = "visitor"
	CallerMiniProgram = "miniprogram"
	CallerWeb         = "web"
)

// SimulationResult is what the rule said.
type SimulationResult struct {
	Allowed      bool
	Part, Reason string
	Condition    string // that would be run instead of the one that was given
	Closed       bool   // calls without login are switched off
	Trace        []SimulationStep
}

// SimulationStep is a part of the rule and its value.
type SimulationStep struct{ Part, Value string }
