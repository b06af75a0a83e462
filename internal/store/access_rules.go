package store

import (
	"context"

	"gorm.io/gorm/clause"

	"envshare/models"
)

// AccessRules keeps what guards collections and buckets against client calls.
type AccessRules struct{ s *Store }

// List returns the rules of one kind in an environment by name.
func (r AccessRules) List(ctx context.Context, environmentID string, kind models.RuleKind) ([]models.AccessRule, error) {
	var list []models.AccessRule
	return list, translate(r.s.reader(ctx).Order("name").Find(&list, "environment_id = ? AND kind = ?", environmentID, kind).Error)
}

// ByName returns a rule; not_found means that the default holds.
func (r AccessRules) ByName(ctx context.Context, environmentID string, kind models.RuleKind, name string) (models.AccessRule, error) {
	var rule models.AccessRule
	return rule, translate(r.s.reader(ctx).Take(&rule, "environment_id = ? AND kind = ? AND name = ?", environmentID, kind, name).Error)
}

// Save adds a rule or replaces the one that is there.
func (r AccessRules) Save(ctx context.Context, rule models.AccessRule) error {
	replace := clause.OnConflict{
		Columns:   []clause.Column{{Name: "environment_id"}, {Name: "kind"}, {Name: "name"}},
		DoUpdates: clause.AssignmentColumns([]string{"preset", "rules", "updated_at"}),
	}
	return translate(r.s.writer(ctx).Clauses(replace).Create(&rule).Error)
}

// Delete removes a rule, so that the default holds again; none is no error.
func (r AccessRules) Delete(ctx context.Context, environmentID string, kind models.RuleKind, name string) error {
	return translate(r.s.writer(ctx).Delete(&models.AccessRule{}, "environment_id = ? AND kind = ? AND name = ?", environmentID, kind, name).Error)
}
