package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"envshare/models"
)

// Page returns a page of an environment's functions by name, those whose name
// holds a text (in capitals or not), and how many there are.
func (r Functions) Page(ctx context.Context, environmentID, text string, page models.PageRequest) ([]models.Function, int64, error) {
	where := func() *gorm.DB {
		q := r.s.reader(ctx).Model(&models.Function{}).Where("environment_id = ?", environmentID)
		if text != "" {
			escaped := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(text))
			q = q.Where(`LOWER(name) LIKE ? ESCAPE '\'`, "%"+escaped+"%")
		}
		return q
	}
	var total int64
	if err := where().Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	page = page.Clamped()
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
