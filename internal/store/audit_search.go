package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"envshare/models"
)

// AuditQuery asks for a page of the events that concern an app, or of those that
// concern none.
type AuditQuery struct {
	AppID  string // "" for the installation's own events
	Filter models.AuditFilter
	// From is where the page begins, behind it: nil for the newest event.
	From *models.AuditCursor
	// Newer turns the direction round: the events right after From.
	Newer bool
	Limit int
	// States loads what was before and after as well.
	States bool
}

// auditColumns are an event without its states, which may be long.
var auditColumns = []string{
	"id", "occurred_at", "actor_id", "actor_name", "via", "ip", "request_id", "action", "app_id", "other_app_id", "environment_id", "subject",
}

// ByID returns an event.
func (r Audit) ByID(ctx context.Context, id string) (models.AuditEvent, error) {
	var e models.AuditEvent
	return e, translate(r.s.reader(ctx).Take(&e, "id = ?", id).Error)
}

// Search returns events, newest first, with two queries at most: those that
// belong to the app and those that it is the other side of. One query for both
// would sort all of them.
func (r Audit) Search(ctx context.Context, q AuditQuery) ([]models.AuditEvent, error) {
	var found []models.AuditEvent
	for _, side := range r.sides(ctx, q) {
		if !q.States {
			side = side.Select(auditColumns)
		}
		order := "occurred_at DESC, id DESC"
		if q.Newer {
			order = "occurred_at, id"
		}
		var list []models.AuditEvent
		if err := side.Order(order).Limit(q.Limit).Find(&list).Error; err != nil {
			return nil, translate(err)
		}
		found = append(found, list...)
	}
	newestFirst := func(a, b models.AuditEvent) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID))
	}
	slices.SortFunc(found, newestFirst)
	if len(found) > q.Limit && q.Newer {
		found = found[len(found)-q.Limit:]
	}
	return found[:min(len(found), q.Limit)], nil
}

// Count returns how many events a query finds in all, counting no further than
// most.
func (r Audit) Count(ctx context.Context, q AuditQuery, most int64) (int64, error) {
	q.From = nil
	total := int64(0)
	for _, side := range r.sides(ctx, q) {
		var n int64
		err := r.s.reader(ctx).Table("(?) AS found", side.Select("id").Limit(int(most-total))).Count(&n).Error
		if total += n; err != nil || total >= most {
			return total, translate(err)
		}
	}
	return total, nil
}

// sides are the queries whose events together are what q asks for.
func (r Audit) sides(ctx context.Context, q AuditQuery) []*gorm.DB {
	from := func() *gorm.DB { return filtered(r.s.reader(ctx).Model(&models.AuditEvent{}), q) }
	own := from().Where("app_id = ?", q.AppID)
	if q.AppID == "" {
		return []*gorm.DB{own.Where("other_app_id = ''")}
	}
	// The second condition lets the partial index be used.
	return []*gorm.DB{own, from().Where("other_app_id = ? AND other_app_id <> '' AND app_id <> ?", q.AppID, q.AppID)}
}

func filtered(db *gorm.DB, q AuditQuery) *gorm.DB {
	f := q.Filter
	if q.From != nil && q.Newer {
		db = db.Where("(occurred_at, id) > (?, ?)", q.From.At.UTC(), q.From.ID)
	}
	if q.From != nil && !q.Newer {
		db = db.Where("(occurred_at, id) < (?, ?)", q.From.At.UTC(), q.From.ID)
	}
	if f.From != nil {
		db = db.Where("occurred_at >= ?", f.From.UTC())
	}
	if f.Before != nil {
		db = db.Where("occurred_at < ?", f.Before.UTC())
	}
	if f.EnvironmentID != "" {
		db = db.Where("environment_id = ?", f.EnvironmentID)
	}
	if f.Actor != "" {
		db = db.Where(holds(db, "actor_name"), containing(f.Actor))
	}
	if f.Subject != "" {
		db = db.Where(holds(db, "subject"), containing(f.Subject))
	}
	return inGroup(db, f.Group)
}

// inGroup keeps the actions of a group; the last group takes what no other has.
func inGroup(db *gorm.DB, group models.AuditGroup) *gorm.DB {
	noun := "substr(action, 1, instr(action, '.') - 1)"
	if db.Name() == "postgres" {
		noun = "split_part(action, '.', 1)"
	}
	switch group {
	case "":
		return db
	case models.AuditGroupOther:
		var known []string
		for _, other := range models.AuditGroups() {
			if other != group {
				known = append(known, other.Nouns()...)
			}
		}
		return db.Where(noun+" NOT IN ?", known)
	}
	return db.Where(noun+" IN ?", group.Nouns())
}

// holds is the condition that a column holds a text, without regard to case. LIKE
// of SQLite knows no other.
func holds(db *gorm.DB, column string) string {
	if db.Name() == "postgres" {
		return column + ` ILIKE ? ESCAPE '\'`
	}
	return column + ` LIKE ? ESCAPE '\'`
}

// containing is the pattern of LIKE for a text anywhere.
func containing(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}
