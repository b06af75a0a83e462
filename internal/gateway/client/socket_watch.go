package client

import (
	"context"
	"encoding/json"

	"envshare/internal/service"
)

// watchParams are the parameters of INIT_WATCH and of what follows it.
type watchParams struct {
	Collection string            `json:"collName"`
	Query      string            `json:"query"`
	QueryType  int               `json:"queryType"`
	Limit      int               `json:"limit"`
	OrderBy    map[string]string `json:"orderBy"`
	QueryID    string            `json:"queryID"`
	EventID    int64             `json:"eventID"`
}

func (s *socket) initWatch(ctx context.Context, m message) error {
	var p watchParams
	if err := json.Unmarshal(m.Data, &p); err != nil || len(m.WatchID) == 0 || p.Limit < 0 || len(p.OrderBy) > 1 {
		return s.fail(ctx, m, "SYS_ERR", "malformed")
	}
	s.closeWatch(m) // the SDK repeats a request whose answer it missed
	if s.followed() >= maxPerSocket {
		return s.fail(ctx, m, "SYS_ERR", "too many watches")
	}
	q := service.WatchQuery{Query: p.Query, Limit: p.Limit}
	for field, direction := range p.OrderBy {
		q.Order = append(q.Order, service.ClientOrder{Field: field, Descending: direction == "desc"})
	}
	where := service.ClientDocumentCall{ClientCall: s.call, Collection: p.Collection, ByID: p.QueryType == queryByID}
	watch, err := s.h.clients.Watch(ctx, where, q)
	if err != nil {
		return s.refuse(ctx, m, err)
	}
	f := s.h.followings.follow(watch, s.person())
	if !s.h.followings.add(f) {
		watch.Close()
		return s.fail(ctx, m, "SYS_ERR", "too many watches")
	}
	s.h.followings.hold(f, s)
	events, err := f.begin(ctx)
	if err != nil {
		s.h.followings.drop(f)
		return s.refuse(ctx, m, err)
	}
	if err := s.send(ctx, message{WatchID: m.WatchID, RequestID: m.RequestID, Type: "INIT_EVENT"}, f.state(events)); err != nil {
		s.h.followings.drop(f)
		return err
	}
	s.follow(ctx, m.WatchID, f, false)
	return nil
}

// refuse hands a decision to onError.
func (s *socket) refuse(ctx context.Context, m message, err error) error {
	refused := s.h.refuse(ctx, err, surfaceDatabase, s.from.RequestID)
	code := "COLLECTION_PERMISSION_DENIED"
	if refused.ours {
		code = "SYS_ERR"
	}
	return s.fail(ctx, m, code, "["+string(refused.number)+"] "+refused.text)
}

// person tells clients apart: a watch that is taken up again must be one's own.
func (s *socket) person() string { return s.call.Person(s.from.IP) }

// follow sends what changes until the watch or the socket ends.
func (s *socket) follow(ctx context.Context, watchID json.RawMessage, f *following, resumed bool) {
	running, cancel := context.WithCancel(ctx)
	ended := s.h.followings.settle(f, s, string(watchID), cancel)
	s.all.Go(func() {
		defer close(ended)
		err := f.run(running, resumed, func(events []event) error {
			return s.send(running, message{WatchID: watchID, Type: "NEXT_EVENT"}, f.state(events))
		})
		if err == nil || running.Err() != nil {
			return
		}
		s.end(watchID, f)
		_ = s.refuse(ctx, message{WatchID: watchID}, err)
	})
}

// end ends a watch for good.
func (s *socket) end(watchID json.RawMessage, f *following) {
	s.mu.Lock()
	if s.follows[string(watchID)] == f {
		delete(s.follows, string(watchID))
	}
	s.mu.Unlock()
	f.cancel()
	s.h.followings.drop(f)
}

// give lets another socket of the same person take a watch over, and reports whether
// it was this one's. Nothing is sent here any more then.
func (s *socket) give(f *following) bool {
	s.mu.Lock()
	mine := false
	for id, followed := range s.follows {
		if followed == f {
			delete(s.follows, id)
			mine = true
		}
	}
	s.mu.Unlock()
	if mine {
		f.cancel()
		<-f.ended
	}
	return mine
}

// watchOf returns what goes by a watchId, nil for nothing.
func (s *socket) watchOf(m message) *following {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.follows[string(m.WatchID)]
}

func (s *socket) followed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.follows)
}

func (s *socket) closeWatch(m message) {
	if f := s.watchOf(m); f != nil {
		s.end(m.WatchID, f)
	}
}

// checkLast answers where a watch is; the SDK rebuilds it when it is behind.
func (s *socket) checkLast(ctx context.Context, m message) error {
	f := s.watchOf(m)
	if f == nil {
		return s.fail(ctx, m, "QUERYID_INVALID_ERROR", "unknown query")
	}
	return s.send(ctx, message{WatchID: m.WatchID, RequestID: m.RequestID, Type: "CHECK_EVENT"}, f.state(nil))
}

// rebuildWatch takes a watch up again, after the socket was lost or an event.
func (s *socket) rebuildWatch(ctx context.Context, m message) error {
	var p watchParams
	if err := json.Unmarshal(m.Data, &p); err != nil || len(m.WatchID) == 0 {
		return s.fail(ctx, m, "SYS_ERR", "malformed")
	}
	f := s.h.followings.find(p.QueryID, s.person())
	if f == nil {
		return s.fail(ctx, m, "QUERYID_INVALID_ERROR", "unknown query")
	}
	here := s.watchOf(m) == f
	if !here {
		s.closeWatch(m)
		if s.followed() >= maxPerSocket || !s.h.followings.takeOver(ctx, f, s) {
			return s.fail(ctx, m, "QUERYID_INVALID_ERROR", "the query is followed elsewhere")
		}
	}
	// What happened while there was no socket is for whoever may see it now.
	if err := f.watch.Allowed(ctx); err != nil {
		s.end(m.WatchID, f)
		return s.refuse(ctx, m, err)
	}
	events, ok := f.since(p.EventID)
	if !ok {
		s.end(m.WatchID, f)
		return s.fail(ctx, m, "QUERYID_INVALID_ERROR", "events were lost")
	}
	if err := s.send(ctx, message{WatchID: m.WatchID, RequestID: m.RequestID, Type: "REBUILD_EVENT"}, f.state(events)); err != nil {
		if !here {
			s.h.followings.leave(f)
		}
		return err
	}
	if !here {
		s.follow(ctx, m.WatchID, f, true)
	}
	return nil
}

// leave keeps the watches of a socket that ended for whoever comes back.
func (s *socket) leave() {
	s.mu.Lock()
	left := s.follows
	s.follows = map[string]*following{}
	s.mu.Unlock()
	for _, f := range left {
		f.cancel()
	}
	s.all.Wait()
	for _, f := range left {
		s.h.followings.leave(f)
	}
}
