package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"envshare/models"
)

// translate turns errors of GORM and the drivers into model errors; model errors
// and context errors pass.
func translate(err error) error {
	var known *models.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return models.E(models.CodeNotFound, "error.not_found").Wrap(err)
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return models.E(models.CodeConflict, "error.exists").Wrap(err)
	case errors.Is(err, gorm.ErrForeignKeyViolated), checkViolated(err):
		return models.E(models.CodeConflict, "error.in_use").Wrap(err)
	case unfit(err):
		return models.E(models.CodeInvalid, "error.invalid").Wrap(err)
	}
	return fmt.Errorf("database: %w", err)
}

// checkViolated also knows SQLite's error, which GORM's driver leaves as it is.
func checkViolated(err error) bool {
	var lite sqlite3.Error
	return errors.Is(err, gorm.ErrCheckConstraintViolated) ||
		errors.As(err, &lite) && lite.ExtendedCode == sqlite3.ErrConstraintCheck
}

// unfit reports whether PostgreSQL refused a text: longer than its column, or
// with bytes that are no text, as a name in a URL may have.
func unfit(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "22001" || pg.Code == "22021")
}

// affected turns an update that met no row into not found.
func affected(result *gorm.DB) error {
	if result.Error != nil {
		return translate(result.Error)
	}
	if result.RowsAffected == 0 {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	return nil
}
