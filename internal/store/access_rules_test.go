package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/store"
	"envshare/models"
)

func TestAccessRules(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		rule := models.AccessRule{EnvironmentID: "shop-1", Kind: models.RuleCollection, Name: "todos", Preset: models.PresetAdmin, UpdatedAt: start}
		if err := s.AccessRules.Save(ctx, rule); err != nil {
			t.Fatal(err)
		}
		rule.Preset, rule.Rules = models.PresetCustom, `{"read":true}`
		bucket := rule
		bucket.Kind, bucket.Name = models.RuleBucket, ""
		for _, r := range []models.AccessRule{rule, bucket} {
			if err := s.AccessRules.Save(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.AccessRules.List(ctx, rule.EnvironmentID, models.RuleCollection)
		if diff := cmp.Diff([]models.AccessRule{rule}, list); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		if err := s.AccessRules.Delete(ctx, rule.EnvironmentID, models.RuleCollection, "todos"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AccessRules.ByName(ctx, rule.EnvironmentID, models.RuleCollection, "todos"); !models.IsCode(err, models.CodeNotFound) {
			t.Fatalf("deleted rule: %v", err)
		}
		if got, err := s.AccessRules.ByName(ctx, rule.EnvironmentID, models.RuleBucket, ""); err != nil || !cmp.Equal(got, bucket) {
			t.Fatalf("bucket: %v %+v", err, got)
		}
	})
}
