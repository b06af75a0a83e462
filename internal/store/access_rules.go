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

// Presets returns the presets of those of these names that have a rule, by name.
func (r AccessRules) Presets(ctx context.Context, environmentID string, kind models.RuleKind, names []string) (map[string]models.Preset, error) {
	var list []models.AccessRule
	err := r.s.reader(ctx).Select("name, preset").Find(&list, "environment_id = ? AND kind = ? AND name IN ?", environmentID, kind, names).Error
	out := make(map[string]models.Preset, len(list))
	for _, rule := range list {
		out[rule.Name] = rule.Preset
	}
	return out, translate(err)
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

// AddVersion keeps a rule as it was saved, and drops the oldest versions beyond
// keep. Call it in a transaction.
func (r AccessRules) AddVersion(ctx context.Context, v models.RuleVersion, keep int) error {
	if err := r.s.writer(ctx).Create(&v).Error; err != nil {
		return translate(err)
	}
	newest := r.s.writer(ctx).Model(&models.RuleVersion{}).Select("id").
		Where("environment_id = ? AND kind = ? AND name = ?", v.EnvironmentID, v.Kind, v.Name).Order("created_at DESC, id DESC").Limit(keep)
	return translate(r.s.writer(ctx).Delete(&models.RuleVersion{}, "environment_id = ? AND kind = ? AND name = ? AND id NOT IN (?)",
		v.EnvironmentID, v.Kind, v.Name, newest).Error)
}

// Versions returns the saved versions of a rule, the latest first.
func (r AccessRules) Versions(ctx context.Context, environmentID string, kind models.RuleKind, name string, limit int) ([]models.RuleVersion, error) {
	var list []models.RuleVersion
	return list, translate(r.s.reader(ctx).Order("created_at DESC, id DESC").Limit(limit).
		Find(&list, "environment_id = ? AND kind = ? AND name = ?", environmentID, kind, name).Error)
}

// Version returns one saved version of a rule.
func (r AccessRules) Version(ctx context.Context, environmentID string, kind models.RuleKind, name, id string) (models.RuleVersion, error) {
	var v models.RuleVersion
	return v, translate(r.s.reader(ctx).Take(&v, "environment_id = ? AND kind = ? AND name = ? AND id = ?", environmentID, kind, name, id).Error)
}
