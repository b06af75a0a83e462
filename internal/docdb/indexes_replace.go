package docdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"envshare/models"
)

// Validate says what is wrong with an index that is to be made.
func (i Index) Validate() error { return i.check() }

// ReplaceIndex makes an index in the place of another one of its name. It is built
// beside the old one, which stays and serves until the new one is full, and stays
// for good when the new one cannot be built. Codes as CreateIndex has them.
func (db *DB) ReplaceIndex(ctx context.Context, env, name string, i Index) error {
	if err := i.check(); err != nil {
		return err
	}
	building := i
	if building.Name = "~" + i.Name; len(building.Name) > maxIndexName {
		building.Name = building.Name[:maxIndexName]
	}
	// What a replacement that was cut off left may have another definition.
	if err := db.DropIndex(ctx, env, name, building.Name); err != nil && !models.IsCode(err, models.CodeNotFound) {
		return err
	}
	if err := db.CreateIndex(ctx, env, name, building); err != nil {
		return err
	}
	definition, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode index: %w", err)
	}
	err = db.change(unbounded(ctx), func(ctx context.Context, s session) error {
		c, err := db.locked(ctx, s, env, name, true)
		if err != nil {
			return err
		}
		for _, old := range c.indexes[1:] {
			switch old.Name {
			case i.Name:
				err = errors.Join(err, dropIndex(ctx, s, old))
			case building.Name:
				_, failed := s.exec(ctx, "UPDATE docdb_indexes SET definition = ? WHERE id = ?", string(definition), old.id)
				err = errors.Join(err, failed)
			}
		}
		return errors.Join(err, bump(ctx, s))
	})
	if err != nil {
		return err
	}
	_, err = db.refresh(ctx)
	return err
}
