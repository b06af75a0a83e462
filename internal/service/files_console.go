package service

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func (s *Files) may(ctx context.Context, actor models.Actor, appID, env string, p models.Permission) error {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return err
	}
	return models.MayUse(place, view, p, s.now()).Err()
}

// Addresses of the gateway behind which a ticket stands.
const (
	UploadPath   = "/files/u/"
	DownloadPath = "/files/d/"
)

const (
	listedFiles   = 100
	consoleTicket = 10 * time.Minute
	maxMoved      = 1000
)

// List returns a page of a folder, given as "" or "a/b/". Needs storage.view.
func (s *Files) List(ctx context.Context, actor models.Actor, appID, env, folder, after string) (store.Listing, error) {
	if err := s.may(ctx, actor, appID, env, models.StorageView); err != nil {
		return store.Listing{}, err
	}
	if folder != "" && (models.CheckFilePath(strings.TrimSuffix(folder, "/")) != nil || !strings.HasSuffix(folder, "/")) {
		return store.Listing{}, models.E(models.CodeNotFound, "error.not_found")
	}
	return s.store.Files.List(ctx, env, folder, after, listedFiles)
}

// Get returns what is known of a file. Needs storage.view.
func (s *Files) Get(ctx context.Context, actor models.Actor, appID, env, path string) (models.File, error) {
	if err := s.may(ctx, actor, appID, env, models.StorageView); err != nil {
		return models.File{}, err
	}
	return s.store.Files.ByPath(ctx, env, path)
}

// ShowURL returns an address at which the gateway delivers a file for a few
// minutes, to be shown or saved. Needs storage.view.
func (s *Files) ShowURL(ctx context.Context, actor models.Actor, appID, env, path string, save bool) (string, error) {
	if _, err := s.Get(ctx, actor, appID, env, path); err != nil {
		return "", err
	}
	base, err := s.calls.credentials.GatewayURL(ctx)
	if err != nil {
		return "", err
	}
	text, err := s.seal(ticket{Kind: ticketDown, Env: env, Path: path, Expires: s.clock().Add(consoleTicket).UnixMilli(), AppID: appID, Console: true, Attach: save})
	return strings.TrimRight(base, "/") + DownloadPath + text, err
}

// Store takes a file in from the console. Needs storage.operate. Codes: invalid.
func (s *Files) Store(ctx context.Context, actor models.Actor, appID, env, path string, body io.Reader) (models.File, error) {
	if err := models.CheckFilePath(path); err != nil {
		return models.File{}, err
	}
	var out models.File
	c := change{Action: models.AuditFileStored, EnvironmentID: env, Subject: cutSubject(path)}
	err := s.noted(ctx, actor, appID, c, func() (err error) {
		out, err = s.put(ctx, ticket{ID: rand.Text(), Env: env, Path: path, AppID: appID}, body)
		return err
	})
	return out, err
}

// cutSubject bounds what the audit log keeps of a path.
func cutSubject(path string) string {
	if len(path) <= 120 {
		return path
	}
	return strings.ToValidUTF8(path[:120], "") + "…"
}

// noted makes a change that needs storage.operate, and records it.
func (s *Files) noted(ctx context.Context, actor models.Actor, appID string, c change, f func() error) error {
	if err := s.may(ctx, actor, appID, c.EnvironmentID, models.StorageOperate); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	c.AppID = appID
	environment, err := s.store.Environments.ByID(ctx, c.EnvironmentID)
	if err != nil {
		return err
	}
	if environment.AppID != appID {
		c.OtherAppID = environment.AppID
	}
	return record(ctx, s.store, actor, s.now(), c)
}

// Remove deletes a file, or a folder given as "a/b/" with all that is in it.
// Needs storage.operate.
func (s *Files) Remove(ctx context.Context, actor models.Actor, appID, env, path string) error {
	c := change{Action: models.AuditFileDeleted, EnvironmentID: env, Subject: cutSubject(path)}
	return s.noted(ctx, actor, appID, c, func() error {
		defer s.sweeper.hurry()
		if !strings.HasSuffix(path, "/") {
			return s.remove(ctx, env, path)
		}
		for {
			list, err := s.store.Files.Below(ctx, env, path, maxMoved)
			if err != nil || len(list) == 0 {
				return err
			}
			err = s.store.Tx(ctx, func(tx *store.Store) error {
				for _, f := range list {
					if err := tx.Files.Delete(ctx, env, f.Path, s.now()); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	})
}

// Move gives a file, or all files of a folder, another place, which must be free.
// Needs storage.operate. Codes: invalid, conflict, file_unknown.
func (s *Files) Move(ctx context.Context, actor models.Actor, appID, env, from, to string) error {
	c := change{Action: models.AuditFileMoved, EnvironmentID: env, Subject: cutSubject(from + " → " + to)}
	return s.noted(ctx, actor, appID, c, func() error {
		folder := strings.HasSuffix(from, "/")
		if models.CheckFilePath(strings.TrimSuffix(to, "/")) != nil || folder != strings.HasSuffix(to, "/") {
			return models.E(models.CodeInvalid, "error.file_path", "max", models.MaxFilePath)
		}
		if !folder {
			return s.copyOne(ctx, ticket{Env: env, AppID: appID}, CopyRequest{From: from, To: to, Move: true})
		}
		if strings.HasPrefix(to, from) {
			return models.E(models.CodeInvalid, "error.folder_into_itself")
		}
		return s.moveFolder(ctx, env, from, to)
	})
}

// moveFolder moves all files or none.
func (s *Files) moveFolder(ctx context.Context, env, from, to string) error {
	list, err := s.store.Files.Below(ctx, env, from, maxMoved+1)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return models.E(models.CodeFileUnknown, "call.file_unknown", "file", from)
	case len(list) > maxMoved:
		return models.E(models.CodeInvalid, "error.folder_large", "max", maxMoved)
	}
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		for _, f := range list {
			target := to + f.Path[len(from):]
			if err := models.CheckFilePath(target); err != nil {
				return err
			}
			if err := tx.Files.Move(ctx, env, f.Path, target, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if models.IsCode(err, models.CodeConflict) {
		return models.E(models.CodeConflict, "error.file_exists", "path", to)
	}
	return err
}

// previewBytes bounds what is shown of a text.
const previewBytes = 64 << 10

// Preview returns the beginning of a file that is text, "" for any other. Needs
// storage.view.
func (s *Files) Preview(ctx context.Context, actor models.Actor, appID, env, path string) (string, error) {
	f, err := s.Get(ctx, actor, appID, env, path)
	if err != nil || !strings.HasPrefix(f.ContentType, "text/") && f.ContentType != "application/json" {
		return "", err
	}
	body, err := s.blobs.Open(ctx, f.BlobKey, 0, previewBytes)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	return strings.ToValidUTF8(string(text), "\ufffd"), errors.Join(err, body.Close())
}

// Rule returns what guards the bucket against clients.
func (s *Files) Rule(ctx context.Context, env string) (models.Preset, error) {
	return ruleOf(ctx, s.store, env, models.RuleBucket, "")
}

// ruleOf returns the preset of a collection or the bucket.
func ruleOf(ctx context.Context, tx *store.Store, env string, kind models.RuleKind, name string) (models.Preset, error) {
	rule, err := tx.AccessRules.ByName(ctx, env, kind, name)
	if models.IsCode(err, models.CodeNotFound) {
		return models.PresetDefault, nil
	}
	return rule.Preset, err
}
