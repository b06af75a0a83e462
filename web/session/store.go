package session

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"envshare/models"
)

// CookieName is the name of the session cookie.
const CookieName = "envshare_session"

// How long a session lives: idle after the last request, at most lifetime after
// signing in. The record is touched at most once per touchEvery.
const (
	idle       = 12 * time.Hour
	lifetime   = 7 * 24 * time.Hour
	touchEvery = time.Minute
)

// Keys of what a gorilla session holds during a request. Flashes stand under
// gorilla's own key.
type valueKey int

const (
	recordKey valueKey = iota
	userKey
	newUserKey // whose session it is that has no record yet
)

// store is a gorilla store over Records.
type store struct {
	records Records
	config  Config
}

// Get returns the session of the request, the same one every time.
func (s *store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New loads the session that the request's cookie opens. IsNew says that there
// is none: nobody is signed in.
func (s *store) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := s.empty(name)
	cookie, err := r.Cookie(name)
	if err != nil {
		return gs, nil
	}
	id := recordID(cookie.Value)
	if id == "" {
		return gs, nil
	}
	record, user, err := s.records.Session(r.Context(), id)
	if models.IsCode(err, models.CodeNotFound) {
		return gs, nil
	}
	if err != nil {
		return gs, fmt.Errorf("load session: %w", err)
	}
	if !s.config.Now().Before(record.ExpiresAt) {
		return gs, nil
	}

	gs.ID, gs.IsNew = cookie.Value, false
	gs.Values[userKey] = user
	return gs, setRecord(gs, record)
}

// empty returns the session of somebody who is not signed in.
func (s *store) empty(name string) *sessions.Session {
	gs := sessions.NewSession(s, name)
	gs.IsNew = true
	gs.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.config.Secure, SameSite: http.SameSiteLaxMode}
	return gs
}

// setRecord makes record, with the data it holds, the session's.
func setRecord(gs *sessions.Session, record models.Session) error {
	gs.Values[recordKey] = record
	var d data
	if len(record.Data) > 0 {
		if err := json.Unmarshal(record.Data, &d); err != nil {
			return fmt.Errorf("decode session: %w", err)
		}
	}
	setFlashes(gs, d.Flashes)
	return nil
}

// Save writes the session's record and renews its cookie; a negative MaxAge ends
// both, as with gorilla's own stores.
func (s *store) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	record, _ := gs.Values[recordKey].(models.Session)
	if gs.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(gs.Name(), "", gs.Options))
		return s.records.DeleteSession(r.Context(), record.ID)
	}

	raw, err := json.Marshal(data{Flashes: flashesOf(gs)})
	if err != nil {
		return fmt.Errorf("encode session: %w", err)
	}
	record.Data = raw
	now := s.config.Now()
	record.ExpiresAt = now.Add(idle)
	if end := record.CreatedAt.Add(lifetime); end.Before(record.ExpiresAt) {
		record.ExpiresAt = end
	}
	save := s.records.SaveSession
	if user, ok := gs.Values[newUserKey].(models.User); ok {
		save = func(ctx context.Context, record models.Session) error {
			return s.records.BeginSession(ctx, user, record)
		}
	}
	if err := save(r.Context(), record); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	gs.Values[recordKey] = record
	delete(gs.Values, newUserKey)
	gs.Options.MaxAge = int(record.ExpiresAt.Sub(now) / time.Second)
	http.SetCookie(w, sessions.NewCookie(gs.Name(), gs.ID, gs.Options))
	return nil
}

// merge writes what this request added to the session and took from it. The
// record may have changed meanwhile, or ended: it is read again, so that nothing
// that another request did is undone.
func (s *store) merge(r *http.Request, w http.ResponseWriter, st *state) error {
	added := flashesOf(st.gs)
	if !st.shown {
		added = added[st.loaded:]
	}
	old, _ := st.gs.Values[recordKey].(models.Session)
	record, _, err := s.records.Session(r.Context(), old.ID)
	if err != nil {
		return fmt.Errorf("load session again: %w", err)
	}
	if err := setRecord(st.gs, record); err != nil {
		return err
	}
	rest := flashesOf(st.gs)
	if st.shown {
		rest = rest[min(st.loaded, len(rest)):]
	}
	setFlashes(st.gs, append(rest, added...))
	return s.touch(r, w, st.gs)
}

// touch saves the session as one that was seen now. A session that is touched in
// the millisecond of its making must not look new to Records.
func (s *store) touch(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	record, _ := gs.Values[recordKey].(models.Session)
	record.LastSeenAt = s.config.Now()
	if !record.LastSeenAt.After(record.CreatedAt) {
		record.LastSeenAt = record.CreatedAt.Add(time.Millisecond)
	}
	gs.Values[recordKey] = record
	return s.Save(r, w, gs)
}
