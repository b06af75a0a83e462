package service

import (
	"context"
	"errors"
	"time"

	"envshare/internal/rules"
	"envshare/models"
)

// Upload begins an upload and returns its ticket and the file's id. Needs
// storage.write, and the write rule of the bucket for the file that is there, or
// for one of the caller's own. Both are decided again when the bytes come.
func (s *Clients) Upload(ctx context.Context, c ClientCall, path string) (text, fileID string, err error) {
	defer s.countedFor(&c, models.StorageWrite, &err)
	c.resource = path
	scope, err := s.enter(ctx, c, models.StorageWrite)
	if err != nil {
		return "", "", err
	}
	if err := models.CheckFilePath(path); err != nil {
		return "", "", err
	}
	old, err := s.store.Files.ByPath(ctx, scope.env, path)
	if err != nil && !models.IsCode(err, models.CodeNotFound) {
		return "", "", err
	}
	if err := s.mayStore(ctx, scope, c, old); err != nil {
		return "", "", err
	}
	t := s.files.ticketOfClient(c, scope, ticketUp, path, uploadLife)
	text, err = s.files.seal(t)
	return text, models.FileID(scope.env, path), err
}

// mayStore asks the write rule about a file; one without a path is new, and its
// owner will be the caller.
func (s *Clients) mayStore(ctx context.Context, scope clientScope, c ClientCall, old models.File) error {
	g, err := s.guardBucket(ctx, scope, c)
	if err != nil {
		return err
	}
	return g.allowStore(ctx, old)
}

// AcceptAgain decides an upload when its bytes have come: the share may have ended
// since, and another person's file may stand there now.
func (s *Clients) acceptAgain(ctx context.Context, t ticket, old models.File) error {
	c := ClientCall{EnvironmentID: t.Env, ResourceAppID: t.Owner, resource: t.Path}
	if t.Login != "" {
		session, err := s.store.Clients.Session(ctx, t.Login)
		if models.IsCode(err, models.CodeNotFound) {
			return models.E(models.CodeForbidden, "error.file_ticket")
		}
		if err != nil {
			return err
		}
		c.Client = Client{session}
	}
	scope, err := s.enter(ctx, c, models.StorageWrite)
	if err != nil {
		return err
	}
	return s.mayStore(ctx, scope, c, old)
}

// Download returns tickets to read files by, in the order of the list; a file that
// cannot be read has an error of its own: invalid, file_env, file_unknown,
// rule_denied. Needs storage.read and the read rule of the bucket.
func (s *Clients) Download(ctx context.Context, c ClientCall, list []FileRequest) (_ []FileResult, err error) {
	defer s.countedFor(&c, models.StorageRead, &err)
	scope, out, found, err := s.clientBatch(ctx, c, models.StorageRead, rules.Read, list)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Err != nil {
			continue
		}
		age := list[i].MaxAge
		if age <= 0 {
			age = defaultAge
		}
		out[i].MaxAge = min(age, maxAge)
		if out[i].Ticket, err = s.files.seal(s.files.ticketOfClient(c, scope, ticketDown, found[i].Path, out[i].MaxAge)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// DeleteFiles removes files; each has its own result. Needs storage.write and the
// write rule of the bucket.
func (s *Clients) DeleteFiles(ctx context.Context, c ClientCall, list []FileRequest) (_ []FileResult, err error) {
	defer s.countedFor(&c, models.StorageWrite, &err)
	scope, out, found, err := s.clientBatch(ctx, c, models.StorageWrite, rules.Write, list)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Err != nil {
			continue
		}
		out[i].Err = s.files.remove(ctx, scope.env, found[i].Path)
		if models.CodeOf(out[i].Err) == models.CodeInternal && out[i].Err != nil {
			return nil, out[i].Err
		}
	}
	s.files.sweeper.hurry()
	return out, nil
}

// clientBatch decides a call on several files. Where the rule refuses a file, the
// answer is the same whether the file exists or not.
func (s *Clients) clientBatch(ctx context.Context, c ClientCall, p models.Permission, op rules.Operation, list []FileRequest) (clientScope, []FileResult, []models.File, error) {
	scope, err := s.enter(ctx, c, p)
	if err != nil {
		return scope, nil, nil, err
	}
	g, err := s.guardBucket(ctx, scope, c)
	if err != nil {
		return scope, nil, nil, err
	}
	out, byPath, err := s.files.lookUp(ctx, scope.env, list)
	if err != nil {
		return scope, nil, nil, err
	}
	found := make([]models.File, len(list))
	for i := range out {
		missing := models.IsCode(out[i].Err, models.CodeFileUnknown)
		if out[i].Err != nil && !missing {
			continue
		}
		_, path, _ := models.ParseFileID(out[i].FileID)
		found[i] = byPath[path]
		g.scope.resource = path
		if refused := g.allowFile(ctx, op, found[i].OwnerOpenID); refused != nil {
			if !models.IsCode(refused, models.CodeRuleDenied) {
				return scope, nil, nil, refused
			}
			out[i].Err = refused
		}
	}
	return scope, out, found, nil
}

// ticketOfClient makes the ticket of a client.
func (s *Files) ticketOfClient(c ClientCall, scope clientScope, kind, path string, life time.Duration) ticket {
	t := ticket{
		Kind: kind, Env: scope.env, Path: path, Expires: s.clock().Add(life).UnixMilli(), AppID: c.Client.AppID(), OpenID: c.Client.session.OpenID,
		Client: true, Login: c.Client.session.ID, Owner: scope.owner,
	}
	if scope.cross {
		t.Session, t.Grant = scope.env, scope.grant
	}
	if kind == ticketUp {
		t.ID = newTicketID()
	}
	return t
}

// UploadForm is what the client SDK sends beside a file. Its fields repeat the
// ticket's, and an upload under a client's ticket must have them.
type UploadForm struct{ Key, Signature string }

var errForm = errors.New("the form names another file or ticket")

func (f UploadForm) check(t ticket, text string) error {
	if t.Client && (f.Key != t.Path || f.Signature != text) {
		return models.E(models.CodeForbidden, "error.file_ticket").Wrap(errForm)
	}
	return nil
}
