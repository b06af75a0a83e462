package service

import (
	"context"
	"fmt"

	"envshare/internal/rules"
	"envshare/models"
)

// ruleKey names what a rule guards.
type ruleKey struct {
	env  string
	kind models.RuleKind
	name string // of the collection; "" otherwise
}

// ruleSet returns the rules of a collection or the bucket, parsed once per revision
// of facts.
func (b base) ruleSet(ctx context.Context, f *facts, key ruleKey, kind rules.Kind) (*rules.Set, error) {
	if cached, ok := f.rules.Load(key); ok {
		return cached.(*rules.Set), nil
	}
	row, err := b.store.AccessRules.ByName(ctx, key.env, key.kind, key.name)
	if models.IsCode(err, models.CodeNotFound) {
		row, err = models.AccessRule{Preset: models.PresetDefault}, nil
	}
	if err != nil {
		return nil, err
	}
	set, err := parseSet(kind, row)
	if err != nil {
		return nil, fmt.Errorf("stored rules of %s %s: %w", key.env, key.name, err)
	}
	f.rules.Store(key, set)
	return set, nil
}

func parseSet(kind rules.Kind, row models.AccessRule) (*rules.Set, error) {
	if set, ok := rules.FromPreset(kind, row.Preset); ok {
		return set, nil
	}
	return rules.ParseSet(kind, row.Rules)
}

// functionRules returns the rules for calling the functions of an environment.
func (b base) functionRules(ctx context.Context, f *facts, env string) (*rules.Functions, error) {
	key := ruleKey{env, models.RuleFunctions, ""}
	if cached, ok := f.rules.Load(key); ok {
		return cached.(*rules.Functions), nil
	}
	row, err := b.store.AccessRules.ByName(ctx, env, models.RuleFunctions, "")
	set := rules.DefaultFunctions()
	if err == nil {
		if set, err = rules.ParseFunctions(row.Rules); err != nil {
			return nil, fmt.Errorf("stored function rules of %s: %w", env, err)
		}
	}
	if err != nil && !models.IsCode(err, models.CodeNotFound) {
		return nil, err
	}
	f.rules.Store(key, set)
	return set, nil
}

// guardFunction asks the function rules whether a client may call a function. The
// default lets in whoever is logged in; without login an environment needs rules of
// its own (C6).
func (s *Clients) guardFunction(ctx context.Context, scope clientScope, c ClientCall, name string) error {
	set, err := s.functionRules(ctx, scope.facts, scope.env)
	if err != nil {
		return err
	}
	input, err := s.ruleInput(scope, c)
	if err != nil {
		return err
	}
	_, err = allowInvoke(ctx, set, scope.env, name, input)
	if models.IsCode(err, models.CodeRuleDenied) {
		s.refused(c, scope, string(scope.permission), err)
	}
	return err
}

// allowInvoke decides the call of a function, and says why.
func allowInvoke(ctx context.Context, set *rules.Functions, env, name string, input rules.Input) (rules.Verdict, error) {
	v, err := set.Rule(name).Evaluate(ctx, input)
	if err == nil && !v.Allowed {
		err = models.E(models.CodeRuleDenied, "call.rule_denied_function", "function", name, "environment", env)
	}
	return v, err
}
