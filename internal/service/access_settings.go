package service

import (
	"context"
	"strings"

	"envshare/internal/rules"
	"envshare/internal/store"
	"envshare/models"
)

// AccessSettings are what an environment's owner decides about clients:
// unauthenticated access, the pages that may call, and security rules with their
// history. They are the owner's administrators' alone (S10).
type AccessSettings struct {
	base
	clients *Clients
}

// maxRuleVersions is how many versions of one rule are kept.
const maxRuleVersions = 50

// mayConfigure decides that the actor administers the environment's own app.
func (s *AccessSettings) mayConfigure(ctx context.Context, tx *store.Store, actor models.Actor, appID, env string) error {
	place, _, view, err := s.look(ctx, tx, actor, appID, env)
	if err != nil {
		return err
	}
	return models.MayConfigureEnvironment(place, view).Err()
}

// Policy returns what was decided about clients.
func (s *AccessSettings) Policy(ctx context.Context, actor models.Actor, appID, env string) (models.ClientPolicy, error) {
	if err := s.mayConfigure(ctx, s.store, actor, appID, env); err != nil {
		return models.ClientPolicy{}, err
	}
	e, err := s.store.Environments.ByID(ctx, env)
	return e.Policy(), err
}

// SetPolicy decides about clients; it counts from the next call on. Codes:
// invalid with a field error for origins.
func (s *AccessSettings) SetPolicy(ctx context.Context, actor models.Actor, appID, env string, p models.ClientPolicy) error {
	return s.change(ctx, func(tx *store.Store) error {
		err := s.mayConfigure(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if p.Origins, err = models.NormalOrigins(p.Origins); err != nil {
			return models.Fields{"origins": models.MsgOf(err)}.Err()
		}
		_, err = s.savePolicy(ctx, tx, actor, env, p)
		return err
	})
}

// savePolicy stores a policy and records the change, if it is one.
func (b base) savePolicy(ctx context.Context, tx *store.Store, actor models.Actor, env string, p models.ClientPolicy) (changed bool, err error) {
	before, err := tx.Environments.ByID(ctx, env)
	if err != nil {
		return false, err
	}
	if before.UnauthenticatedAccess == p.Unauthenticated && strings.Join(before.AllowedOrigins, " ") == strings.Join(p.Origins, " ") {
		return false, nil
	}
	if err := tx.Environments.SetPolicy(ctx, env, p); err != nil {
		return false, err
	}
	state := func(p models.ClientPolicy) map[string]any {
		return map[string]any{"unauthenticated_access": p.Unauthenticated, "allowed_origins": p.Origins}
	}
	return true, record(ctx, tx, actor, b.now(), change{
		Action: models.AuditClientAccess, AppID: before.AppID, EnvironmentID: env, Subject: env, Before: state(before.Policy()), After: state(p),
	})
}

// RuleTarget names what a rule guards.
type RuleTarget struct {
	Kind models.RuleKind
	Name string // of the collection; "" otherwise
}

func (t RuleTarget) check() error {
	switch {
	case t.Kind == models.RuleCollection:
		return models.CheckCollectionName(t.Name)
	case (t.Kind == models.RuleBucket || t.Kind == models.RuleFunctions) && t.Name == "":
		return nil
	}
	return models.E(models.CodeNotFound, "error.not_found")
}

// SavedRule is a rule as it is in force, with its history, the latest first.
type SavedRule struct {
	Preset models.Preset
	// Text is the canonical JSON of the rules, of presets too.
	Text     string
	Versions []models.RuleVersion
}

// Rule returns the rule of a target.
func (s *AccessSettings) Rule(ctx context.Context, actor models.Actor, appID, env string, t RuleTarget) (SavedRule, error) {
	if err := t.check(); err != nil {
		return SavedRule{}, err
	}
	if err := s.mayConfigure(ctx, s.store, actor, appID, env); err != nil {
		return SavedRule{}, err
	}
	row, err := s.store.AccessRules.ByName(ctx, env, t.Kind, t.Name)
	if models.IsCode(err, models.CodeNotFound) {
		row, err = models.AccessRule{Preset: models.PresetDefault}, nil
	}
	if err != nil {
		return SavedRule{}, err
	}
	out := SavedRule{Preset: row.Preset}
	if out.Text, err = ruleText(t.Kind, row); err != nil {
		return SavedRule{}, err
	}
	out.Versions, err = s.store.AccessRules.Versions(ctx, env, t.Kind, t.Name, maxRuleVersions)
	return out, err
}

// ruleText is the canonical text of a stored rule.
func ruleText(kind models.RuleKind, row models.AccessRule) (string, error) {
	switch kind {
	case models.RuleFunctions:
		if row.Rules == "" {
			return rules.DefaultFunctions().String(), nil
		}
		set, err := rules.ParseFunctions(row.Rules)
		if err != nil {
			return "", err
		}
		return set.String(), nil
	case models.RuleBucket:
		set, err := parseSet(rules.Storage, row)
		if err != nil {
			return "", err
		}
		return set.String(), nil
	}
	set, err := parseSet(rules.Database, row)
	if err != nil {
		return "", err
	}
	return set.String(), nil
}

// CheckRule returns the canonical text of rules that were not saved. Codes: those of
// SaveRule.
func (s *AccessSettings) CheckRule(ctx context.Context, actor models.Actor, appID, env string, t RuleTarget, preset models.Preset, text string) (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	if err := s.mayConfigure(ctx, s.store, actor, appID, env); err != nil {
		return "", err
	}
	row := models.AccessRule{Kind: t.Kind, Name: t.Name, Preset: preset, Rules: text}
	if t.Kind == models.RuleFunctions {
		row.Preset = models.PresetCustom
	}
	if err := row.Validate(); err != nil {
		return "", err
	}
	return ruleText(t.Kind, row)
}

// SaveRule puts a preset, or rules as JSON, in force; it counts from the next call
// on. Codes: invalid, whose Fields name the key of a wrong rule, and whose place
// rules.Place knows.
func (s *AccessSettings) SaveRule(ctx context.Context, actor models.Actor, appID, env string, t RuleTarget, preset models.Preset, text string) error {
	if err := t.check(); err != nil {
		return err
	}
	return s.change(ctx, func(tx *store.Store) error {
		if err := s.mayConfigure(ctx, tx, actor, appID, env); err != nil {
			return err
		}
		row := models.AccessRule{EnvironmentID: env, Kind: t.Kind, Name: t.Name, Preset: preset, Rules: text, UpdatedAt: s.now()}
		_, err := s.saveRule(ctx, tx, actor, appID, row)
		return err
	})
}

// RestoreRule puts an earlier version in force again.
func (s *AccessSettings) RestoreRule(ctx context.Context, actor models.Actor, appID, env string, t RuleTarget, version string) error {
	if err := t.check(); err != nil {
		return err
	}
	return s.change(ctx, func(tx *store.Store) error {
		if err := s.mayConfigure(ctx, tx, actor, appID, env); err != nil {
			return err
		}
		v, err := tx.AccessRules.Version(ctx, env, t.Kind, t.Name, version)
		if err != nil {
			return err
		}
		row := models.AccessRule{EnvironmentID: env, Kind: t.Kind, Name: t.Name, Preset: v.Preset, Rules: v.Rules, UpdatedAt: s.now()}
		_, err = s.saveRule(ctx, tx, actor, appID, row)
		return err
	})
}

// saveRule checks a rule, puts it in force, and keeps it as a version. It returns
// what was done as the sign of a plan: "=", "~" or "+".
func (b base) saveRule(ctx context.Context, tx *store.Store, actor models.Actor, appID string, row models.AccessRule) (op string, err error) {
	if row.Kind == models.RuleFunctions {
		row.Preset = models.PresetCustom
	}
	if err := row.Validate(); err != nil {
		return "", err
	}
	if row.Preset == models.PresetCustom {
		if row.Rules, err = ruleText(row.Kind, row); err != nil {
			return "", err
		}
	}
	existing, err := tx.AccessRules.ByName(ctx, row.EnvironmentID, row.Kind, row.Name)
	switch {
	case err == nil && existing.Preset == row.Preset && existing.Rules == row.Rules:
		return "=", nil
	case err == nil:
		op = "~"
	case models.IsCode(err, models.CodeNotFound):
		op = "+"
	default:
		return "", err
	}
	if err := tx.AccessRules.Save(ctx, row); err != nil {
		return "", err
	}
	version := models.RuleVersion{
		ID: newID(), EnvironmentID: row.EnvironmentID, Kind: row.Kind, Name: row.Name, Preset: row.Preset, Rules: row.Rules,
		SavedBy: actor.Username, CreatedAt: row.UpdatedAt,
	}
	if err := tx.AccessRules.AddVersion(ctx, version, maxRuleVersions); err != nil {
		return "", err
	}
	state := func(r models.AccessRule) map[string]any { return map[string]any{"preset": r.Preset, "rules": r.Rules} }
	saved := change{
		Action: models.AuditRuleSaved, AppID: appID, EnvironmentID: row.EnvironmentID,
		Subject: strings.TrimSuffix(string(row.Kind)+"/"+row.Name, "/"), After: state(row),
	}
	if op == "~" {
		saved.Before = state(existing)
	}
	return op, record(ctx, tx, actor, b.now(), saved)
}
