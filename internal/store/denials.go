package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// Denials keeps what was refused, counted by day.
type Denials struct{ s *Store }

// Sizes of the columns that hold what strangers may choose.
const (
	denialResource = 200
	denialArgs     = 2000
)

// Add adds counts, making the lines that are missing: all or none. Lines of
// environments that are gone are left out.
func (r Denials) Add(ctx context.Context, list []models.Denial) error {
	if len(list) == 0 {
		return nil
	}
	rows := slices.Clone(list)
	for i := range rows {
		rows[i].Resource, rows[i].MsgArgs = fit(rows[i].Resource, denialResource), fit(rows[i].MsgArgs, denialArgs)
		rows[i].FirstAt, rows[i].LastAt = rows[i].FirstAt.UTC(), rows[i].LastAt.UTC()
	}
	// One order for all, so that processes that add at once never wait in a circle.
	slices.SortFunc(rows, func(a, b models.Denial) int {
		return cmp.Or(cmp.Compare(a.EnvironmentID, b.EnvironmentID), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Key, b.Key))
	})
	add := clause.OnConflict{
		Columns: []clause.Column{{Name: "environment_id"}, {Name: "day"}, {Name: "denial_key"}},
		DoUpdates: clause.Assignments(map[string]any{
			"refused":  gorm.Expr("denials.refused + excluded.refused"),
			"first_at": gorm.Expr("CASE WHEN denials.first_at < excluded.first_at THEN denials.first_at ELSE excluded.first_at END"),
			"last_at":  gorm.Expr("CASE WHEN denials.last_at > excluded.last_at THEN denials.last_at ELSE excluded.last_at END"),
		}),
	}
	return r.s.Batch(ctx, func(tx *Store) error {
		there, err := tx.Environments.ByIDs(ctx, environmentsOf(rows))
		if err != nil {
			return err
		}
		rows := slices.DeleteFunc(slices.Clone(rows), func(d models.Denial) bool { return there[d.EnvironmentID].ID == "" })
		if len(rows) == 0 {
			return nil
		}
		return translate(tx.writer(ctx).Clauses(add).CreateInBatches(rows, 50).Error)
	})
}

func environmentsOf(rows []models.Denial) []string {
	var ids []string
	for _, d := range rows {
		ids = append(ids, d.EnvironmentID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Keys returns the keys and callers of an environment's lines of a day, at most
// limit.
func (r Denials) Keys(ctx context.Context, environmentID, day string, limit int) ([]models.Denial, error) {
	var list []models.Denial
	return list, translate(r.s.reader(ctx).Select("denial_key", "caller_app_id").Limit(limit).
		Find(&list, "environment_id = ? AND day = ?", environmentID, day).Error)
}

// DenialSearch asks for lines in the environments that an app owns or, with a
// filter of what was borrowed, in those that were lent to it.
type DenialSearch struct {
	AppID  string
	Filter models.DenialFilter
}

// in narrows a query to the environments of a search.
func (q DenialSearch) in(db *gorm.DB) *gorm.DB {
	f := q.Filter
	if f.EnvironmentID != "" {
		db = db.Where("environment_id = ?", f.EnvironmentID)
	}
	if !f.Borrowed {
		db = db.Where("environment_id IN (SELECT e.id FROM environments e WHERE e.app_id = ? AND e.deleted_at IS NULL)", q.AppID)
	} else {
		db = db.Where("environment_id IN (SELECT g.environment_id FROM shares s JOIN grants g ON g.share_id = s.id WHERE s.grantee_app_id = ?)", q.AppID)
	}
	if f.OwnerAppID != "" {
		db = db.Where("environment_id IN (SELECT e.id FROM environments e WHERE e.app_id = ?)", f.OwnerAppID)
	}
	return db
}

// List returns a page of the lines that a search finds, the latest first, and how
// many there are.
func (r Denials) List(ctx context.Context, search DenialSearch, page models.PageRequest) ([]models.Denial, int64, error) {
	q := func() *gorm.DB {
		q := search.in(r.s.reader(ctx).Model(&models.Denial{}))
		if search.Filter.CallerAppID != "" {
			q = q.Where("caller_app_id = ?", search.Filter.CallerAppID)
		}
		if search.Filter.Code != "" {
			q = q.Where("code = ?", search.Filter.Code)
		}
		return q
	}
	var total int64
	if err := q().Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	var list []models.Denial
	page = page.Within(total)
	const order = "last_at DESC, environment_id, day, denial_key"
	// The keys of a page come from the index alone, however far it is.
	keys := q().Select("environment_id, day, denial_key").Order(order).Offset(page.Offset()).Limit(page.Size)
	err := r.s.reader(ctx).Where("(environment_id, day, denial_key) IN (?)", keys).Order(order).Find(&list).Error
	return list, total, translate(err)
}

// Callers returns the apps that have lines in the environments of a search, by
// AppID, at most limit; a visitor is left out.
func (r Denials) Callers(ctx context.Context, search DenialSearch, limit int) ([]string, error) {
	var list []string
	return list, translate(search.in(r.s.reader(ctx).Model(&models.Denial{})).Distinct("caller_app_id").Order("caller_app_id").Limit(limit).
		Where("caller_app_id <> ''").Pluck("caller_app_id", &list).Error)
}

// DeleteBefore removes the lines of the days before a time.
func (r Denials) DeleteBefore(ctx context.Context, t time.Time) error {
	return translate(r.s.writer(ctx).Where("day < ?", t.UTC().Format(time.DateOnly)).Delete(&models.Denial{}).Error)
}
