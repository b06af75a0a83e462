package service

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"envshare/models"
)

// ticket is what a sealed text says.
type ticket struct {
	Kind    string `json:"k"` // up, down
	ID      string `json:"i,omitempty"`
	Env     string `json:"e"`
	Path    string `json:"p"`
	Expires int64  `json:"x"` // milliseconds since 1970
	// The caller, as models decides about it.
	AppID   string `json:"a"`
	Session string `json:"s,omitempty"`
	Grant   string `json:"g,omitempty"`
	OpenID  string `json:"o,omitempty"`
	// Person is the user of the console that the ticket was made for, "" for code.
	Person string `json:"u,omitempty"`
	// Client marks a caller of the client protocol, Login their login, "" for none,
	// and Owner the environment's app.
	Client bool   `json:"l,omitempty"`
	Login  string `json:"n,omitempty"`
	Owner  string `json:"w,omitempty"`
	Attach bool   `json:"d,omitempty"` // deliver as a download
	// fresh refuses to replace a file; only within one call.
	fresh bool
}

func (s *Files) seal(t ticket) (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return s.keys.seal(append([]byte("file"), text...)), nil
}

// unseal reads a ticket that is still good. All others get one answer.
func (s *Files) unseal(text, kind string) (ticket, error) {
	var t ticket
	plain, err := s.keys.open(text)
	if err != nil || len(plain) < 4 || string(plain[:4]) != "file" || json.Unmarshal(plain[4:], &t) != nil ||
		t.Kind != kind || !s.clock().Before(time.UnixMilli(t.Expires)) {
		return t, models.E(models.CodeForbidden, "error.file_ticket")
	}
	return t, nil
}

// still decides whether the holder of a ticket may still do what it says: a
// share may have ended since.
func (s *Files) still(ctx context.Context, t ticket, p models.Permission) error {
	if t.Person != "" {
		return s.stillPerson(ctx, t)
	}
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return err
	}
	caller := models.Caller{AppID: t.AppID, SessionEnv: t.Session, GrantID: t.Grant}
	call := f.callFacts(caller, t.Env)
	decision := models.MayCall(call, p, s.clock())
	if t.Client && t.Login == "" {
		decision = models.MayVisit(models.VisitFacts{Env: t.Env, Owner: f.Owners[t.Env], ResourceAppID: t.Owner, Policy: f.Policies[t.Env]})
	}
	refused := refusedCall{
		env: t.Env, owner: call.Owner, caller: t.AppID, shared: call.Grant.ID != "", plane: models.PlaneServer, endUser: t.OpenID != "",
		operation: string(p), resource: t.Path,
	}
	if t.Client {
		refused.plane = models.PlaneClient
	}
	err = decision.Err()
	s.calls.denials.note(refused, err)
	return err
}

func (s *Files) ticketOf(cred Credential, info CallInfo, kind, env, path string, life time.Duration) ticket {
	caller := cred.caller()
	t := ticket{Kind: kind, Env: env, Path: path, Expires: s.clock().Add(life).UnixMilli(), AppID: caller.AppID, Session: caller.SessionEnv, Grant: caller.GrantID}
	t.OpenID = cred.claims.User.OpenID
	if kind == ticketUp {
		t.ID = newTicketID()
	}
	return t
}

// newTicketID names a ticket that can be used once.
func newTicketID() string { return rand.Text() }
