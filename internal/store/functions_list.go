package store

import (
	"context"

	"gorm.io/gorm"

	"envshare/models"
)

// Page returns a page of an environment's functions by name, those whose name
// holds a text (in capitals or not), and how many there are.
func (r Functions) Page(ctx context.Context, environmentID, text string, page models.PageRequest) ([]models.Function, int64, error) {
	where := func() *gorm.DB {
		q := r.s.reader(ctx).Model(&models.Function{}).Where("environment_id = ?", environmentID)
		if text != "" {
			q = q.Where(holds(q, "name"), containing(text))
		}
		return q
	}
	var total int64
	if err := where().Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	page = page.Within(total)
	var list []models.Function
	err := where().Order("name").Offset(page.Offset()).Limit(page.Size).Find(&list).Error
	return list, total, translate(err)
}

// SourceOf returns the source of a function's version, by number, as a zip.
func (r Functions) SourceOf(ctx context.Context, functionID string, number int) ([]byte, error) {
	v, err := r.Version(ctx, functionID, number)
	if err != nil {
		return nil, err
	}
	return r.Source(ctx, v.ID)
}

// Find returns the first functions of environments, by name, whose name holds a
// text (in capitals or not).
func (r Functions) Find(ctx context.Context, environmentIDs []string, text string, limit int) ([]models.Function, error) {
	var list []models.Function
	q := r.s.reader(ctx)
	err := q.Where("environment_id IN ?", environmentIDs).Where(holds(q, "name"), containing(text)).
		Order("name, environment_id").Limit(limit).Find(&list).Error
	return list, translate(err)
}
