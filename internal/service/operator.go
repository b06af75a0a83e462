package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"envshare/internal/runner"
	"envshare/internal/store"
	"envshare/models"
)

// Operator is what operators do: principals, apps and users of the installation,
// and how it is. All of its methods are for operators and commands alone; others
// are forbidden.
type Operator struct {
	base
	accounts     *Accounts
	manifests    *Manifests
	credentials  *Credentials
	runner       *runner.Runner
	installation Installation
}

// Check returns nil for operators, for the pages that need nothing else.
func (s *Operator) Check(actor models.Actor) error {
	return models.MayAdministerInstallation(actor).Err()
}

// stateVersion changes with every change of a state. A form carries the version
// that it was filled from, so that nobody undoes what somebody else did meanwhile.
func stateVersion(state any) string {
	text, _ := json.Marshal(state) // states are maps of texts, numbers and lists
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// unchangedSince refuses a form that was filled from another state than the one
// that is there.
func unchangedSince(version, now string) error {
	if version != now {
		return models.E(models.CodeConflict, "error.changed_meanwhile")
	}
	return nil
}

// beside puts a refusal beside a field of the form, unless it has fields already.
func beside(err error, field string) error {
	if err == nil || models.FieldErrors(err) != nil || models.CodeOf(err) == models.CodeInternal {
		return err
	}
	msg := models.MsgOf(err)
	return &models.Error{Code: models.CodeInvalid, Msg: msg, Fields: models.Fields{field: msg}}
}

// OperatorPrincipal is a principal as operators see it.
type OperatorPrincipal struct {
	models.Principal
	Apps int64
	// Version is of the state that a form shows.
	Version string
	// MayDelete tells whether it can be deleted, and why not.
	MayDelete models.Decision
}

func principalState(p models.Principal) map[string]any { return map[string]any{"name": p.Name} }

// Principals returns a page of the principals whose id or name holds a text, and
// how many there are.
func (s *Operator) Principals(ctx context.Context, actor models.Actor, text string, page models.PageRequest) ([]OperatorPrincipal, int64, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return nil, 0, err
	}
	list, total, err := s.store.Principals.Search(ctx, models.SearchText(text), page)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	apps, err := s.store.Principals.AppCounts(ctx, ids)
	out := make([]OperatorPrincipal, len(list))
	for i, p := range list {
		out[i] = operatorPrincipal(actor, p, apps[p.ID])
	}
	return out, total, err
}

func operatorPrincipal(actor models.Actor, p models.Principal, apps int64) OperatorPrincipal {
	return OperatorPrincipal{
		Principal: p, Apps: apps, Version: stateVersion(principalState(p)), MayDelete: models.MayDeletePrincipal(actor, apps),
	}
}

// Principal returns a principal.
func (s *Operator) Principal(ctx context.Context, actor models.Actor, id string) (OperatorPrincipal, error) {
	return s.principal(ctx, s.store, actor, id)
}

func (s *Operator) principal(ctx context.Context, tx *store.Store, actor models.Actor, id string) (OperatorPrincipal, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return OperatorPrincipal{}, err
	}
	p, err := tx.Principals.ByID(ctx, id)
	if err != nil {
		return OperatorPrincipal{}, err
	}
	apps, err := tx.Principals.AppCounts(ctx, []string{id})
	return operatorPrincipal(actor, p, apps[id]), err
}

// CreatePrincipal registers a principal. Field errors for id, also when there is
// one with it, and name.
func (s *Operator) CreatePrincipal(ctx context.Context, actor models.Actor, id, name string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		if err := models.MayAdministerInstallation(actor).Err(); err != nil {
			return err
		}
		p := models.Principal{ID: id, Name: strings.TrimSpace(name), CreatedAt: s.now()}
		if err := p.Validate(); err != nil {
			return err
		}
		_, err := tx.Principals.ByID(ctx, id)
		if err == nil {
			return models.Fields{"id": models.M("error.principal_exists", "id", id)}.Err()
		}
		if !models.IsCode(err, models.CodeNotFound) {
			return err
		}
		if err := tx.Principals.Save(ctx, p); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditPrincipalSaved, Subject: id, After: principalState(p)})
	})
}

// RenamePrincipal gives a principal another name. Field errors for name; conflict
// when it is not as in the version any more.
func (s *Operator) RenamePrincipal(ctx context.Context, actor models.Actor, id, version, name string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		was, err := s.principal(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		next := was.Principal
		next.Name = strings.TrimSpace(name)
		if err := next.Validate(); err != nil {
			return err
		}
		if next.Name == was.Name {
			return nil
		}
		if err := unchangedSince(version, was.Version); err != nil {
			return err
		}
		if err := tx.Principals.Save(ctx, next); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{
			Action: models.AuditPrincipalSaved, Subject: id, Before: principalState(was.Principal), After: principalState(next),
		})
	})
}

// DeletePrincipal removes a principal; conflict while it has apps.
func (s *Operator) DeletePrincipal(ctx context.Context, actor models.Actor, id string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		was, err := s.principal(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := was.MayDelete.Err(); err != nil {
			return err
		}
		if err := tx.Principals.Delete(ctx, id); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditPrincipalDeleted, Subject: id, Before: principalState(was.Principal)})
	})
}
