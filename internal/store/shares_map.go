package store

import (
	"context"

	"envshare/models"
)

// Touching returns what any of these apps lends or borrows, by owner and grantee.
func (r Shares) Touching(ctx context.Context, appIDs []string, offset, limit int) ([]models.Share, error) {
	return r.mapped(ctx, "owner_app_id IN ? OR grantee_app_id IN ?", appIDs, offset, limit)
}

// Among returns what these apps share with each other, by owner and grantee.
func (r Shares) Among(ctx context.Context, appIDs []string, offset, limit int) ([]models.Share, error) {
	return r.mapped(ctx, "owner_app_id IN ? AND "+within("grantee_app_id")+" = 1", appIDs, offset, limit)
}

// within is 1 where a column is one of a list, else 0. As a condition of its own it
// would be looked up in an index, with every pair of two long lists.
func within(column string) string { return "CASE WHEN " + column + " IN ? THEN 1 ELSE 0 END" }

func (r Shares) mapped(ctx context.Context, where string, appIDs []string, offset, limit int) ([]models.Share, error) {
	var rows []shareRow
	err := r.query(ctx).Where(where, appIDs, appIDs).Order("owner_app_id, grantee_app_id").Offset(offset).Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	return sharesOf(rows)
}

// CountTouching counts what each of these apps lends to others and borrows from
// others, and all that any of them lends or borrows.
func (r Shares) CountTouching(ctx context.Context, appIDs []string) (lent, borrowed map[string]int64, total int64, err error) {
	var rows []struct {
		Side         string
		AppID        string
		Count, Among int64
	}
	err = r.s.reader(ctx).Raw("SELECT 'lent' AS side, owner_app_id AS app_id, COUNT(*) AS count, SUM("+within("grantee_app_id")+") AS among"+
		" FROM shares WHERE owner_app_id IN ? GROUP BY owner_app_id"+
		" UNION ALL SELECT 'borrowed', grantee_app_id, COUNT(*), SUM("+within("owner_app_id")+")"+
		" FROM shares WHERE grantee_app_id IN ? GROUP BY grantee_app_id", appIDs, appIDs, appIDs, appIDs).Scan(&rows).Error
	if err != nil {
		return nil, nil, 0, translate(err)
	}
	lent, borrowed = map[string]int64{}, map[string]int64{}
	for _, row := range rows {
		counts, others := borrowed, row.Count-row.Among
		if row.Side == "lent" {
			counts = lent
			total += row.Among // once, not from both sides
		}
		if total += others; others > 0 {
			counts[row.AppID] = others
		}
	}
	return lent, borrowed, total, nil
}
