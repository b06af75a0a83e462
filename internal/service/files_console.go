package service

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/url"
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
)

// FolderPage is a page of a folder.
type FolderPage struct {
	store.Listing
	// HasPrevious says that a page stands before this one, and Previous where it
	// begins: "" for the first one.
	HasPrevious bool
	Previous    string
}

// List returns a page of a folder, given as "" or "a/b/". Needs storage.view.
func (s *Files) List(ctx context.Context, actor models.Actor, appID, env, folder, after string) (FolderPage, error) {
	if err := s.may(ctx, actor, appID, env, models.StorageView); err != nil {
		return FolderPage{}, err
	}
	if folder != "" && !isFolder(folder) {
		return FolderPage{}, models.E(models.CodeNotFound, "error.not_found")
	}
	var page FolderPage
	var err error
	if page.Listing, err = s.store.Files.List(ctx, env, folder, after, listedFiles); err != nil || after <= folder {
		return page, err
	}
	page.Previous, page.HasPrevious, err = s.store.Files.Before(ctx, env, folder, after, listedFiles)
	return page, err
}

// isFolder reports whether a path names a folder: "a/b/".
func isFolder(path string) bool {
	name, ok := strings.CutSuffix(path, "/")
	return ok && models.CheckFilePath(name) == nil
}

// Get returns what is known of a file. Needs storage.view.
func (s *Files) Get(ctx context.Context, actor models.Actor, appID, env, path string) (models.File, error) {
	if err := s.may(ctx, actor, appID, env, models.StorageView); err != nil {
		return models.File{}, err
	}
	return s.store.Files.ByPath(ctx, env, path)
}

// ShowURL returns an address at which the gateway delivers a file for a few
// minutes, to be shown or saved. Whether the actor may still see it is decided
// again then. Needs storage.view.
func (s *Files) ShowURL(ctx context.Context, actor models.Actor, appID, env, path string, save bool) (string, error) {
	if _, err := s.Get(ctx, actor, appID, env, path); err != nil {
		return "", err
	}
	base, err := s.calls.credentials.GatewayURL(ctx)
	if err != nil {
		return "", err
	}
	s.calls.recorder.count(env, appID, models.StorageRead, models.OutcomeOK)
	text, err := s.seal(ticket{Kind: ticketDown, Env: env, Path: path, Expires: s.clock().Add(consoleTicket).UnixMilli(), AppID: appID, Person: actor.UserID, Attach: save})
	return strings.TrimRight(base, "/") + DownloadPath + text, err
}

// ShowOrigin returns the origin of the addresses of ShowURL: scheme and host.
func (s *Files) ShowOrigin(ctx context.Context) (string, error) {
	base, err := s.calls.credentials.GatewayURL(ctx)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

// stillPerson decides whether the person that a ticket of the console was made
// for may still see the files of its environment, as the console itself would
// decide now: the share may rest or have ended, the person may have left the app.
// Whatever refuses them, the answer is that of a ticket that is over.
func (s *Files) stillPerson(ctx context.Context, t ticket) error {
	user, err := s.store.Users.ByID(ctx, t.Person)
	if err == nil {
		err = models.MaySignIn(user).Err()
	}
	if err == nil {
		err = s.may(ctx, models.Actor{UserID: user.ID, Username: user.Username, Operator: user.Operator}, t.AppID, t.Env, models.StorageView)
	}
	switch models.CodeOf(err) {
	case models.CodeNotFound, models.CodeForbidden, models.CodeUnauthenticated:
		return models.E(models.CodeForbidden, "error.file_ticket").Wrap(err)
	}
	return err
}

// Store takes a file in from the console. Needs storage.operate. Codes: invalid.
func (s *Files) Store(ctx context.Context, actor models.Actor, appID, env, path string, body io.Reader) (models.File, error) {
	if err := models.CheckFilePath(path); err != nil {
		return models.File{}, err
	}
	var out models.File
	c := change{Action: models.AuditFileStored, EnvironmentID: env, Subject: cutSubject(path)}
	err := s.noted(ctx, actor, appID, &c, func() (err error) {
		out, err = s.put(ctx, ticket{ID: rand.Text(), Env: env, Path: path, AppID: appID}, body)
		s.calls.recorder.transferred(env, appID, models.StorageWrite, out.Size)
		c.After = map[string]any{"bytes": out.Size, "type": out.ContentType}
		return err
	})
	return out, err
}

// previewBytes bounds what is shown of a text.
const previewBytes = 64 << 10

// Preview is what the console shows of a file before anybody opens it.
type Preview struct {
	Text  string // the beginning of a text
	Cut   bool   // the text goes on
	Image bool   // a picture, which the gateway delivers
}

// maxPicture bounds the pictures that a page shows by itself, in bytes.
const maxPicture = 20 << 20

// pictures are the types that a page shows by itself. SVG is none of them: it is a
// document that can hold scripts.
var pictures = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true}

// Preview returns what can be shown of a file; nothing of one that is neither text
// nor picture. Needs storage.view.
func (s *Files) Preview(ctx context.Context, actor models.Actor, appID, env, path string) (Preview, error) {
	f, err := s.Get(ctx, actor, appID, env, path)
	if err != nil {
		return Preview{}, err
	}
	if pictures[f.ContentType] {
		return Preview{Image: f.Size <= maxPicture}, nil
	}
	if !strings.HasPrefix(f.ContentType, "text/") && f.ContentType != "application/json" {
		return Preview{}, nil
	}
	body, err := s.blobs.Open(ctx, f.BlobKey, 0, previewBytes)
	if err != nil {
		return Preview{}, err
	}
	text, err := io.ReadAll(body)
	return Preview{Text: strings.ToValidUTF8(string(text), "\ufffd"), Cut: f.Size > previewBytes}, errors.Join(err, body.Close())
}

// Rule returns what guards the bucket against clients. Needs storage.view.
func (s *Files) Rule(ctx context.Context, actor models.Actor, appID, env string) (models.Preset, error) {
	if err := s.may(ctx, actor, appID, env, models.StorageView); err != nil {
		return "", err
	}
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
