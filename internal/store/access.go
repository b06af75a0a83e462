package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// Access loads the facts that decide calls of the data plane, and counts their
// changes, so that every process that uses the database notices them.
type Access struct{ s *Store }

// Bump counts a change of the facts. It belongs into the transaction that
// changes them.
func (r Access) Bump(ctx context.Context) error {
	return translate(r.s.writer(ctx).Exec("UPDATE access_revisions SET revision = revision + 1 WHERE id = 1").Error)
}

const revisionQuery = "SELECT revision FROM access_revisions WHERE id = 1"

// Revision returns how often the facts changed. It is read before every call of
// the data plane, so outside of transactions it is one prepared statement and goes past GORM.
func (r Access) Revision(ctx context.Context) (int64, error) {
	if r.s.inTx {
		var revision int64
		err := r.s.reader(ctx).Raw(revisionQuery).Scan(&revision).Error
		return revision, translate(err)
	}
	if r.s.dialect != "postgres" {
		// The driver of SQLite watches over a context with a goroutine for every row.
		// Once begun, this read needs none: it waits for nobody there.
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("read access revision: %w", err)
		}
		ctx = context.WithoutCancel(ctx)
	}
	revision, err := r.s.revision.read(ctx, r.s.read)
	if err != nil {
		return 0, fmt.Errorf("read access revision: %w", err)
	}
	return revision, nil
}

// revisionStatement is prepared at its first use, and again after a failure: the
// database may be away. Closing the connections ends it.
type revisionStatement struct {
	mu       sync.Mutex
	prepared *sql.Stmt
}

func (p *revisionStatement) read(ctx context.Context, db *gorm.DB) (int64, error) {
	if err := p.prepare(ctx, db); err != nil {
		return 0, err
	}
	var revision int64
	err := p.prepared.QueryRowContext(ctx).Scan(&revision)
	return revision, err
}

func (p *revisionStatement) prepare(ctx context.Context, db *gorm.DB) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.prepared != nil {
		return nil
	}
	pool, err := db.DB()
	if err != nil {
		return err
	}
	p.prepared, err = pool.PrepareContext(ctx, revisionQuery)
	return err
}

// AccessFacts is everything that decides calls, as of one revision.
type AccessFacts struct {
	Revision int64
	// Owners maps environment ids to their owner's AppID.
	Owners map[string]string
	// Policies holds what the owners of environments decided about clients, for
	// those that decided anything.
	Policies map[string]models.ClientPolicy
	// Logins maps hosts that a login may return to, to their official account.
	Logins map[string]string
	// Grants maps a grantee and an environment to the grant.
	Grants map[GrantKey]models.CallGrant
	// Credentials maps ids of issued credentials that may still work.
	Credentials map[string]models.Credential
}

// GrantKey names a grant by who may call and where.
type GrantKey struct{ GranteeAppID, EnvironmentID string }

// Load reads the facts in one consistent view.
func (r Access) Load(ctx context.Context, now time.Time) (AccessFacts, error) {
	facts := AccessFacts{Owners: map[string]string{}, Policies: map[string]models.ClientPolicy{}, Logins: map[string]string{}, Grants: map[GrantKey]models.CallGrant{}, Credentials: map[string]models.Credential{}}
	load := func(db *gorm.DB) error {
		var err error
		if err = db.Raw(revisionQuery).Scan(&facts.Revision).Error; err != nil {
			return err
		}
		if err := loadOwners(db, &facts); err != nil {
			return err
		}
		if err := loadLogins(db, &facts); err != nil {
			return err
		}
		if err := loadGrants(db, &facts); err != nil {
			return err
		}
		var credentials []models.Credential
		if err := db.Find(&credentials, "revoked_at IS NULL AND expires_at > ?", now.UTC()).Error; err != nil {
			return err
		}
		for _, c := range credentials {
			facts.Credentials[c.ID] = c
		}
		return nil
	}
	err := r.s.read.WithContext(ctx).Transaction(load, &sql.TxOptions{Isolation: r.isolation(), ReadOnly: r.s.dialect == "postgres"})
	if err != nil {
		return AccessFacts{}, fmt.Errorf("load access facts: %w", err)
	}
	return facts, nil
}

// isolation asks PostgreSQL for one snapshot over several statements; a SQLite
// read transaction always is one.
func (r Access) isolation() sql.IsolationLevel {
	if r.s.dialect == "postgres" {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

func loadOwners(db *gorm.DB, facts *AccessFacts) error {
	var rows []models.Environment
	if err := db.Select("id", "app_id", "unauthenticated_access", "allowed_origins").Find(&rows, "deleted_at IS NULL").Error; err != nil {
		return err
	}
	for _, row := range rows {
		facts.Owners[row.ID] = row.AppID
		if row.UnauthenticatedAccess || len(row.AllowedOrigins) > 0 {
			facts.Policies[row.ID] = row.Policy()
		}
	}
	return nil
}

func loadLogins(db *gorm.DB, facts *AccessFacts) error {
	var rows []models.App
	if err := db.Select("app_id", "web_domains").Order("created_at, app_id").Find(&rows, "kind = ? AND web_domains IS NOT NULL", models.OfficialAccount).Error; err != nil {
		return err
	}
	for _, row := range rows {
		for _, domain := range row.WebDomains {
			facts.Logins[domain] = row.AppID
		}
	}
	return nil
}

func loadGrants(db *gorm.DB, facts *AccessFacts) error {
	rows, err := db.Raw(`SELECT g.id, g.share_id, g.environment_id, g.permissions, s.grantee_app_id, s.until, s.paused_at IS NOT NULL
		FROM grants g JOIN shares s ON s.id = g.share_id JOIN environments e ON e.id = g.environment_id
		WHERE e.app_id = s.owner_app_id AND e.deleted_at IS NULL`).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key GrantKey
		var g models.CallGrant
		var keys string
		var until sql.NullTime
		if err := rows.Scan(&g.ID, &g.ShareID, &key.EnvironmentID, &keys, &key.GranteeAppID, &until, &g.Paused); err != nil {
			return err
		}
		g.Until = until.Time
		if g.Permissions, err = models.ParsePermissions(strings.Split(keys, ",")); err != nil {
			return fmt.Errorf("grant %s: %w", g.ID, err)
		}
		facts.Grants[key] = g
	}
	return rows.Err()
}
