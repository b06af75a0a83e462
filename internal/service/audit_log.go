package service

import (
	"context"

	"envshare/internal/store"
	"envshare/models"
)

// AuditLog reads what was recorded: the events that concern an app for its
// members (S14), those of the installation for operators.
type AuditLog struct{ base }

// AuditPage asks for a page of a log.
type AuditPage struct {
	Filter models.AuditFilter
	// From is where the page begins; nil for the newest event.
	From *models.AuditCursor
	// Newer asks for the page before From instead of the one after.
	Newer bool
	Size  int
}

// FoundEvents is a page of a log, newest first.
type FoundEvents struct {
	Events []models.AuditEvent
	// Newer and Older are the places from which the pages around this one begin;
	// nil where the log ends.
	Newer, Older *models.AuditCursor
	// Total is how many events there are, counted up to MaxAuditCount.
	Total int64
	// Apps are the apps that the events name, by AppID.
	Apps map[string]models.App
}

// MaxAuditCount is how far the events of a log are counted; MaxAuditExport how
// many of them an export holds.
const (
	MaxAuditCount  = 10_000
	MaxAuditExport = 100_000
)

// auditBatch is how many events an export loads at a time.
const auditBatch = 500

// Of returns a page of the events that concern an app. Members of it may call it;
// what is shown of an event is what they may read of it. Codes: invalid.
func (s *AuditLog) Of(ctx context.Context, actor models.Actor, appID string, p AuditPage) (FoundEvents, error) {
	if err := s.mayRead(ctx, actor, appID); err != nil {
		return FoundEvents{}, err
	}
	return s.find(ctx, appID, p)
}

// OfInstallation returns a page of the events that concern no app. Operators may
// call it. Codes: invalid.
func (s *AuditLog) OfInstallation(ctx context.Context, actor models.Actor, p AuditPage) (FoundEvents, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return FoundEvents{}, err
	}
	return s.find(ctx, "", p)
}

func (s *AuditLog) mayRead(ctx context.Context, actor models.Actor, appID string) error {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return err
	}
	return models.MayReadAuditLog(place).Err()
}

func (s *AuditLog) find(ctx context.Context, appID string, p AuditPage) (FoundEvents, error) {
	if err := p.Filter.Validate(); err != nil {
		return FoundEvents{}, err
	}
	size := models.PageRequest{Size: p.Size}.Clamped().Size
	q := store.AuditQuery{AppID: appID, Filter: p.Filter, From: p.From, Newer: p.Newer, Limit: size + 1}
	events, err := s.store.Audit.Search(ctx, q)
	if err != nil {
		return FoundEvents{}, err
	}
	more := len(events) > size
	found := FoundEvents{Total: int64(len(events))}
	if more || p.From != nil { // else these are all, and searching once is enough
		if found.Total, err = s.store.Audit.Count(ctx, q, MaxAuditCount); err != nil {
			return FoundEvents{}, err
		}
	}
	switch {
	case more && p.Newer:
		events = events[1:]
	case more:
		events = events[:size]
	}
	if n := len(events); n > 0 {
		first, last := events[0].Cursor(), events[n-1].Cursor()
		if more || p.Newer { // who came from an older page can go back to it
			found.Older = &last
		}
		if p.From != nil && (more || !p.Newer) {
			found.Newer = &first
		}
	}
	found.Events = seenFrom(appID, events)
	found.Apps, err = s.appsOf(ctx, events)
	return found, err
}

func seenFrom(appID string, events []models.AuditEvent) []models.AuditEvent {
	for i := range events {
		if appID != "" {
			events[i] = events[i].SeenFrom(appID)
		}
	}
	return events
}

// appsOf loads the apps that events name.
func (s *AuditLog) appsOf(ctx context.Context, events []models.AuditEvent) (map[string]models.App, error) {
	seen := map[string]bool{}
	var ids []string
	for _, e := range events {
		for _, id := range []string{e.AppID, e.OtherAppID} {
			if id != "" && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return map[string]models.App{}, nil
	}
	return s.store.Apps.ByIDs(ctx, ids)
}

// EventOf returns an event that concerns an app, with the apps that it names.
// Members of the app may call it; any other event is not found.
func (s *AuditLog) EventOf(ctx context.Context, actor models.Actor, appID, id string) (models.AuditEvent, map[string]models.App, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return models.AuditEvent{}, nil, err
	}
	if err := models.MayReadAuditLog(place).Err(); err != nil {
		return models.AuditEvent{}, nil, err
	}
	e, err := s.store.Audit.ByID(ctx, id)
	if err == nil && e.AppID == "" && e.OtherAppID == "" {
		err = models.E(models.CodeNotFound, "error.not_found")
	}
	if err != nil {
		return models.AuditEvent{}, nil, err
	}
	if err := models.MayReadAudit(place, appID, e).Err(); err != nil {
		return models.AuditEvent{}, nil, err
	}
	apps, err := s.appsOf(ctx, []models.AuditEvent{e})
	return e.SeenFrom(appID), apps, err
}

// EventOfInstallation returns an event that concerns no app. Operators may call
// it; any other event is not found.
func (s *AuditLog) EventOfInstallation(ctx context.Context, actor models.Actor, id string) (models.AuditEvent, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return models.AuditEvent{}, err
	}
	e, err := s.store.Audit.ByID(ctx, id)
	if err == nil && (e.AppID != "" || e.OtherAppID != "") {
		return models.AuditEvent{}, models.E(models.CodeNotFound, "error.not_found")
	}
	return e, err
}

// Export gives the events that a filter finds to each, newest first and a batch
// at a time, MaxAuditExport at most, and reports whether there are more. Members
// of the app may call it, operators for appID "". Codes: invalid.
func (s *AuditLog) Export(ctx context.Context, actor models.Actor, appID string, f models.AuditFilter, each func([]models.AuditEvent, map[string]models.App) error) (more bool, err error) {
	if appID == "" {
		err = models.MayAdministerInstallation(actor).Err()
	} else {
		err = s.mayRead(ctx, actor, appID)
	}
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		return false, err
	}
	q := store.AuditQuery{AppID: appID, Filter: f, Limit: auditBatch, States: true}
	for n := 0; n < MaxAuditExport; n += auditBatch {
		events, err := s.store.Audit.Search(ctx, q)
		if err != nil {
			return false, err
		}
		apps, err := s.appsOf(ctx, events)
		if err != nil {
			return false, err
		}
		if err := each(seenFrom(appID, events), apps); err != nil || len(events) < auditBatch {
			return false, err
		}
		last := events[len(events)-1].Cursor()
		q.From = &last
	}
	return true, nil
}
