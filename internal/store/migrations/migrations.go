// Package migrations holds the steps that make the database what the store
// expects, oldest first, for SQLite and PostgreSQL alike.
//
// A step is never edited after it was released: a change is a new step.
package migrations

import (
	"fmt"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// All returns every step in order.
func All() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		step("202611220001-apps-and-shares", appsAndShares),
		step("202611220002-users-and-sessions", usersAndSessions),
		step("202611220003-functions", functions),
		step("202611220004-audit-and-credentials", auditAndCredentials),
		step("202611240001-files", files),
		step("202611240002-access-rules", accessRules),
		step("202611240003-transfers", transfers),
		step("202611250001-clients", clients),
		step("202611250002-transfer-progress", transferProgress),
		step("202611280020-usage-counts", usageCounts),
		step("202611280030-audit-indexes", auditIndexes),
		step("202611280031-user-disabling", userDisabling),
		step("202611280040-second-factor", secondFactor),
		step("202611280041-external-accounts", externalAccounts),
		step("202611280050-deleted-environments", deletedEnvironments),
		step("202611280051-invitations", invitations),
		step("202611280060-share-lists", shareLists),
		step("202611280070-function-work", functionWork),
		step("202611280080-denials", denials),
		step("202611290010-list-pages", listPages),
		step("202611290020-sign-in-revision", signInRevision),
	}
}

// Run brings the database up to date and returns how many steps are known. An
// unknown step in the database means that a newer programme wrote it: refused.
func Run(db *gorm.DB) (int, error) {
	steps := All()
	options := gormigrate.Options{
		TableName:                 "migrations",
		IDColumnName:              "id",
		IDColumnSize:              255,
		UseTransaction:            true,
		ValidateUnknownMigrations: true,
	}
	if err := gormigrate.New(db, &options, steps).Migrate(); err != nil {
		return 0, fmt.Errorf("migrate database: %w", err)
	}
	return len(steps), nil
}

// step makes a migration from statements separated by semicolons. {time}, {blob}
// and {bytewise} stand for what the dialect calls these types.
func step(id, statements string) *gormigrate.Migration {
	return &gormigrate.Migration{ID: id, Migrate: func(tx *gorm.DB) error {
		types := strings.NewReplacer("{time}", "datetime", "{blob}", "blob", "{bytewise}", "text")
		if tx.Name() == "postgres" {
			types = strings.NewReplacer("{time}", "timestamptz", "{blob}", "bytea", "{bytewise}", `text COLLATE "C"`)
		}
		for _, statement := range strings.Split(types.Replace(statements), ";") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if err := tx.Exec(statement).Error; err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
		}
		return nil
	}}
}
