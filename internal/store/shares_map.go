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
	return r.mapped(ctx, "owner_app_id IN ? AND grantee_app_id IN ?", appIDs, offset, limit)
}

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
		Side  string
		AppID string
		Count int64
	}
	err = r.s.reader(ctx).Raw("SELECT 'lent' AS side, owner_app_id AS app_id, COUNT(*) AS count FROM shares"+
		" WHERE owner_app_id IN ? AND grantee_app_id NOT IN ? GROUP BY owner_app_id"+
		" UNION ALL SELECT 'borrowed', grantee_app_id, COUNT(*) FROM shares"+
		" WHERE grantee_app_id IN ? AND owner_app_id NOT IN ? GROUP BY grantee_app_id"+
		" UNION ALL SELECT 'among', '', COUNT(*) FROM shares WHERE owner_app_id IN ? AND grantee_app_id IN ?",
		appIDs, appIDs, appIDs, appIDs, appIDs, appIDs).Scan(&rows).Error
	if err != nil {
		return nil, nil, 0, translate(err)
	}
	lent, borrowed = map[string]int64{}, map[string]int64{}
	for _, row := range rows {
		total += row.Count
		switch row.Side {
		case "lent":
			lent[row.AppID] = row.Count
		case "borrowed":
			borrowed[row.AppID] = row.Count
		}
	}
	return lent, borrowed, total, nil
}
