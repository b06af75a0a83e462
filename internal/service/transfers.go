package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"envshare/internal/docdb/transfer"
	"envshare/models"
)

// Transfers import and export documents in the background, one of an environment
// at a time. Their files lie in a private folder. Progress is saved as they go, so
// that a server that starts again goes on where the last one stopped.
type Transfers struct {
	base
	documents *Documents
	dir       string

	loop background
	all  sync.WaitGroup // of those that run

	mu      sync.Mutex
	running map[string]*runningTransfer // by id
	turns   map[string]int              // when an environment had its last turn
	turn    int
}

// runningTransfer is a transfer at work as others see it.
type runningTransfer struct {
	environment string
	stop        context.CancelFunc
	done        chan struct{} // closed when it has stopped
}

const (
	// MaxImport bounds the file of an import, in bytes.
	MaxImport = 1 << 30
	// keepTransfers is how long an ended transfer and its file are kept.
	keepTransfers = 7 * 24 * time.Hour
	// shownTransfers bounds the list of a collection.
	shownTransfers = 20
)

// Import says what to bring into a collection.
type Import struct {
	Format      string // json (JSON Lines) or csv
	Mode        models.ImportMode
	StopOnError bool
	FileName    string
	File        io.Reader
}

// Import takes a file in and begins to bring its documents into a collection.
// Needs database.operate. Codes: invalid, collection_unknown.
func (s *Transfers) Import(ctx context.Context, actor models.Actor, appID, env, collection string, in Import) (models.Transfer, error) {
	t := s.begin(actor, appID, env, collection)
	t.Kind, t.Format, t.Mode, t.StopOnError, t.FileName = models.TransferImport, in.Format, in.Mode, in.StopOnError, shortName(in.FileName)
	if err := t.Validate(); err != nil {
		return t, err
	}
	c := change{Action: models.AuditDocumentsImported, EnvironmentID: env, Subject: collection}
	err := s.documents.noted(ctx, actor, appID, &c, func() error {
		if _, err := s.documents.db.Indexes(ctx, env, collection); err != nil {
			return err
		}
		size, err := s.receive(t.ID, in.File)
		if err != nil {
			return err
		}
		t.Bytes = size
		c.After = map[string]any{"file": t.FileName, "format": t.Format, "mode": t.Mode, "bytes": size}
		return s.store.Transfers.Insert(ctx, t)
	})
	if err != nil {
		s.discard(t.ID)
		return t, err
	}
	s.loop.hurry()
	return t, nil
}

// Export says what to write out of a collection.
type Export struct {
	Format string   // json (JSON Lines) or csv
	Filter string   // extended JSON, "" for all documents
	Fields []string // of a CSV file; none means all that the documents have
}

// Export begins to write documents of a collection into a file. Needs
// database.operate. Codes: invalid, operator, collection_unknown.
func (s *Transfers) Export(ctx context.Context, actor models.Actor, appID, env, collection string, out Export) (models.Transfer, error) {
	t := s.begin(actor, appID, env, collection)
	t.Kind, t.Format, t.Filter, t.Fields = models.TransferExport, out.Format, out.Filter, append(t.Fields, out.Fields...)
	t.FileName = collection + "." + out.Format
	if err := t.Validate(); err != nil {
		return t, err
	}
	q, err := s.documents.decodeQuery(DocumentQuery{Query: out.Filter})
	if err != nil {
		return t, err
	}
	c := change{
		Action: models.AuditDocumentsExported, EnvironmentID: env, Subject: collection,
		After: map[string]any{"file": t.FileName, "format": t.Format, "filter": cutSubject(out.Filter)},
	}
	err = s.documents.noted(ctx, actor, appID, &c, func() error {
		if _, err := s.documents.db.Count(ctx, env, collection, "", bsonNever(q.Filter)); err != nil {
			return err
		}
		return s.store.Transfers.Insert(ctx, t)
	})
	if err == nil {
		s.loop.hurry()
	}
	return t, err
}

func (s *Transfers) begin(actor models.Actor, appID, env, collection string) models.Transfer {
	now := s.now()
	return models.Transfer{
		ID: newID(), EnvironmentID: env, AppID: appID, Collection: collection, Status: models.TransferWaiting,
		Fields: []string{}, Errors: []models.TransferError{}, // the columns have no NULL
		ActorID: actor.UserID, ActorName: actor.Username, CreatedAt: now, UpdatedAt: now,
	}
}

// List returns the latest imports and exports of a collection. Who borrows the
// environment sees those of the own app. Needs database.view.
func (s *Transfers) List(ctx context.Context, actor models.Actor, appID, env, collection string) ([]models.Transfer, error) {
	if err := s.documents.may(ctx, actor, appID, env, models.DatabaseView); err != nil {
		return nil, err
	}
	only, err := s.only(ctx, appID, env)
	if err != nil {
		return nil, err
	}
	return s.store.Transfers.List(ctx, env, collection, only, shownTransfers)
}

// only returns the app whose transfers are seen through an app, "" for all: what
// the owner of an environment brings in and out is not its borrowers' to know.
func (s *Transfers) only(ctx context.Context, appID, env string) (string, error) {
	environment, err := s.store.Environments.ByID(ctx, env)
	if err != nil || environment.AppID == appID {
		return "", err
	}
	return appID, nil
}

// one returns a transfer of a collection that is seen through an app by who has a
// permission.
func (s *Transfers) one(ctx context.Context, actor models.Actor, appID, env, collection, id string, p models.Permission) (models.Transfer, error) {
	if err := s.documents.may(ctx, actor, appID, env, p); err != nil {
		return models.Transfer{}, err
	}
	only, err := s.only(ctx, appID, env)
	if err != nil {
		return models.Transfer{}, err
	}
	t, err := s.store.Transfers.ByID(ctx, env, id)
	if err == nil && (t.Collection != collection || only != "" && t.AppID != only) {
		return models.Transfer{}, models.E(models.CodeNotFound, "error.not_found")
	}
	return t, err
}

// Get returns a transfer. Needs database.view.
func (s *Transfers) Get(ctx context.Context, actor models.Actor, appID, env, collection, id string) (models.Transfer, error) {
	return s.one(ctx, actor, appID, env, collection, id, models.DatabaseView)
}

// Cancel ends a transfer that has not ended. What an import brought in stays.
// Needs database.operate.
func (s *Transfers) Cancel(ctx context.Context, actor models.Actor, appID, env, collection, id string) error {
	t, err := s.one(ctx, actor, appID, env, collection, id, models.DatabaseOperate)
	if err != nil {
		return err
	}
	if t.Ended() {
		return models.E(models.CodeConflict, "error.transfer_ended")
	}
	t.Status, t.UpdatedAt = models.TransferCancelled, s.now()
	if err := s.store.Transfers.Progress(ctx, t); err != nil {
		return err
	}
	s.stop(id)
	return s.noteStatus(ctx, actor, appID, models.AuditTransferCancelled, t)
}

// noteStatus records that somebody ended a transfer, or let it go on.
func (s *Transfers) noteStatus(ctx context.Context, actor models.Actor, appID string, action models.AuditAction, t models.Transfer) error {
	return s.recordInEnvironment(ctx, actor, appID, change{
		Action: action, EnvironmentID: t.EnvironmentID, Subject: t.Collection, After: map[string]any{"file": t.FileName, "status": t.Status},
	})
}

// stop tells a transfer that runs here to stop, and returns what is closed when it
// has; nil when it does not run here.
func (s *Transfers) stop(id string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running[id]
	if r == nil {
		return nil
	}
	r.stop()
	return r.done
}

// forget ends and removes the transfers of a collection that goes, so that none
// of them goes on with a later one of the same name.
func (s *Transfers) forget(ctx context.Context, env, collection string) error {
	ids, err := s.store.Transfers.DeleteCollection(ctx, env, collection)
	for _, id := range ids {
		if done := s.stop(id); done != nil {
			<-done
		}
		s.discard(id)
	}
	return err
}

// Resume lets a failed or cancelled transfer go on where it stopped. Needs
// database.operate.
func (s *Transfers) Resume(ctx context.Context, actor models.Actor, appID, env, collection, id string) error {
	t, err := s.one(ctx, actor, appID, env, collection, id, models.DatabaseOperate)
	if err != nil {
		return err
	}
	err = s.store.Transfers.Reopen(ctx, id, s.now())
	if models.IsCode(err, models.CodeNotFound) {
		return models.E(models.CodeConflict, "error.transfer_not_resumable")
	}
	s.loop.hurry()
	if err != nil {
		return err
	}
	t.Status = models.TransferWaiting
	return s.noteStatus(ctx, actor, appID, models.AuditTransferResumed, t)
}

// Download opens the file of a finished export; the caller closes it. Needs
// database.operate, as the export did.
func (s *Transfers) Download(ctx context.Context, actor models.Actor, appID, env, collection, id string) (models.Transfer, *os.File, error) {
	t, err := s.one(ctx, actor, appID, env, collection, id, models.DatabaseOperate)
	if err != nil {
		return t, nil, err
	}
	if t.Kind != models.TransferExport || t.Status != models.TransferDone {
		return t, nil, models.E(models.CodeConflict, "error.transfer_no_file")
	}
	file, err := os.Open(s.file(id))
	if errors.Is(err, os.ErrNotExist) {
		return t, nil, models.E(models.CodeNotFound, "error.transfer_elsewhere")
	}
	return t, file, err
}

func (s *Transfers) file(id string) string { return filepath.Join(s.dir, id) }

// spool is where an export keeps documents until it knows the columns.
func (s *Transfers) spool(id string) string { return s.file(id) + ".spool" }

func (s *Transfers) discard(id string) {
	_ = os.Remove(s.file(id))
	_ = os.Remove(s.spool(id))
}

// receive stores the file of an import and returns its size.
func (s *Transfers) receive(id string, r io.Reader) (int64, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return 0, fmt.Errorf("make folder of transfers: %w", err)
	}
	file, err := os.OpenFile(s.file(id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("store import: %w", err)
	}
	size, err := io.Copy(file, io.LimitReader(r, MaxImport+1))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return 0, fmt.Errorf("store import: %w", err)
	}
	switch {
	case size > MaxImport:
		return 0, models.E(models.CodeInvalid, "error.transfer_large", "mb", MaxImport>>20)
	case size == 0:
		return 0, models.E(models.CodeInvalid, "error.transfer_empty")
	}
	return size, nil
}

// shortName bounds what is kept of a file's name.
func shortName(name string) string {
	name = filepath.Base(filepath.ToSlash(name))
	if runes := []rune(name); len(runes) > 80 {
		name = string(runes[:80])
	}
	return name
}

func formatOf(t models.Transfer) transfer.Format { return transfer.Format(t.Format) }

// sweep forgets old transfers and their files.
func (s *Transfers) sweep(ctx context.Context) error {
	ids, err := s.store.Transfers.DeleteBefore(ctx, s.now().Add(-keepTransfers))
	for _, id := range ids {
		s.discard(id)
	}
	return err
}

func newTransfers(b base, d *Documents, dir string) *Transfers {
	return &Transfers{
		base: b, documents: d, dir: dir, loop: newBackground(), running: map[string]*runningTransfer{}, turns: map[string]int{},
	}
}

// stopOf tells the transfers of an environment that run here to stop, and waits
// until they have.
func (s *Transfers) stopOf(env string) {
	s.mu.Lock()
	var running []*runningTransfer
	for _, r := range s.running {
		if r.environment == env {
			r.stop()
			running = append(running, r)
		}
	}
	s.mu.Unlock()
	for _, r := range running {
		<-r.done
	}
}
