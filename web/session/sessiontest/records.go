// Package sessiontest keeps sessions in memory, for tests of the web side only.
//
// It knows the contract of session.Records. It must not know the database, whose
// own implementation is tested beside it.
package sessiontest

import (
	"context"
	"slices"
	"sync"
	"time"

	"envshare/models"
)

// Records is a session.Records in memory. Its fields may be set before a server
// runs; afterwards its methods are safe to use at once.
type Records struct {
	mu       sync.Mutex
	users    map[string]models.User
	sessions map[string]models.Session
	saves    int
	failure  error
}

// New returns Records that know users.
func New(users ...models.User) *Records {
	r := &Records{users: map[string]models.User{}, sessions: map[string]models.Session{}}
	for _, u := range users {
		r.users[u.ID] = u
	}
	return r
}

// BeginSession implements session.Records.
func (r *Records) BeginSession(_ context.Context, user models.User, s models.Session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		return r.failure
	}
	if _, exists := r.sessions[s.ID]; exists {
		return models.E(models.CodeConflict, "error.exists")
	}
	if r.users[user.ID].SignInRevision != user.SignInRevision {
		return models.E(models.CodeUnauthenticated, "error.sign_in_ended")
	}
	r.sessions[s.ID] = s
	r.saves++
	return nil
}

// SaveSession implements session.Records.
func (r *Records) SaveSession(_ context.Context, s models.Session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		return r.failure
	}
	old, exists := r.sessions[s.ID]
	if !exists {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	old.Data, old.LastSeenAt, old.ExpiresAt = slices.Clone(s.Data), s.LastSeenAt, s.ExpiresAt
	r.sessions[s.ID] = old
	r.saves++
	return nil
}

// Session implements session.Records.
func (r *Records) Session(_ context.Context, id string) (models.Session, models.User, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		return models.Session{}, models.User{}, r.failure
	}
	s, ok := r.sessions[id]
	user, known := r.users[s.UserID]
	if !ok || !known {
		return models.Session{}, models.User{}, models.E(models.CodeNotFound, "error.not_found")
	}
	return s, user, nil
}

// DeleteSession implements session.Records.
func (r *Records) DeleteSession(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, id)
	return r.failure
}

// All returns every session there is.
func (r *Records) All() []models.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]models.Session, 0, len(r.sessions))
	for _, s := range r.sessions {
		all = append(all, s)
	}
	return all
}

// Saves returns how often a session was written.
func (r *Records) Saves() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saves
}

// SetUser changes a user or adds one.
func (r *Records) SetUser(u models.User) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[u.ID] = u
}

// DeleteUser removes a user.
func (r *Records) DeleteUser(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.users, id)
}

// DeleteAll ends every session, as an operator would.
func (r *Records) DeleteAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.sessions)
}

// Fail makes every call return err from now on; nil makes them work again.
func (r *Records) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
}

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows the present time.
func NewClock() *Clock { return &Clock{now: time.Now().UTC().Truncate(time.Millisecond)} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
