package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"envshare/internal/service"
	"envshare/models"
)

// SocketPath is where clients open the socket of a watch.
const SocketPath = "/__wx__/realtime"

// realtime gives a client what it opens its socket with (client protocol, section
// 7).
func (h *Handler) realtime(ctx context.Context, c *call) (inner, error) {
	ticket, err := h.clients.OpenSocket(ctx, c.client)
	if err != nil {
		return nil, err
	}
	base, err := h.credentials.GatewayURL(ctx)
	if err != nil {
		return nil, err
	}
	return inner{
		"env_id": c.client.EnvironmentID, "secret_version": 1, "sign_str": ticket, "ws_url": "ws" + strings.TrimPrefix(base, "http") + SocketPath,
	}, nil
}

// Bounds of a socket. The SDK is heard from every 10 to 15 s.
const (
	maxMessage       = 256 << 10 // bytes
	socketSilence    = 90 * time.Second
	socketWrite      = 10 * time.Second
	loginWithin      = 10 * time.Second
	maxPerSocket     = 50 // watches
	closeNotLoggedIn = 3050
)

// message is a frame of the socket, both ways.
type message struct {
	WatchID   json.RawMessage `json:"watchId,omitempty"`
	RequestID json.RawMessage `json:"requestId,omitempty"`
	Type      string          `json:"msgType"`
	Data      json.RawMessage `json:"msgData"`
}

// socket is one connection of a client.
type socket struct {
	h    *Handler
	conn *websocket.Conn
	from From
	call service.ClientCall // who it is, after LOGIN
	in   bool

	writing sync.Mutex
	mu      sync.Mutex
	follows map[string]*following // by watchId
	all     sync.WaitGroup
}

// Socket serves a client's socket until it ends.
func (h *Handler) Socket(w http.ResponseWriter, r *http.Request, from From) Outcome {
	outcome := Outcome{Action: "realtime", Code: answered}
	// Which pages may watch is decided at LOGIN, when the environment is known.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		outcome.Code = "upgrade"
		return outcome // it has answered
	}
	conn.SetReadLimit(maxMessage)
	s := &socket{h: h, conn: conn, from: from, follows: map[string]*following{}}
	ctx, cancel := context.WithCancel(h.life)
	defer cancel()
	s.serve(ctx)
	s.leave()
	_ = conn.CloseNow()
	outcome.AppID, outcome.EnvironmentID = s.call.Client.AppID(), s.call.EnvironmentID
	return outcome
}

func (s *socket) serve(ctx context.Context) {
	patience := loginWithin
	for {
		reading, cancel := context.WithTimeout(ctx, patience)
		_, text, err := s.conn.Read(reading)
		cancel()
		if err != nil {
			return // also when the client has closed: the library has echoed it
		}
		var m message
		if json.Unmarshal(text, &m) != nil {
			_ = s.conn.Close(websocket.StatusInvalidFramePayloadData, "not a message")
			return
		}
		if !s.in && m.Type != "LOGIN" {
			_ = s.conn.Close(closeNotLoggedIn, "not logged in")
			return
		}
		if err := s.handle(ctx, m); err != nil {
			return
		}
		if s.in {
			patience = socketSilence
		}
	}
}

// handle answers one message; an error ends the socket.
func (s *socket) handle(ctx context.Context, m message) error {
	switch m.Type {
	case "LOGIN":
		return s.login(ctx, m)
	case "PING":
		return s.send(ctx, message{RequestID: m.RequestID, Type: "PONG"}, nil)
	case "INIT_WATCH":
		return s.initWatch(ctx, m)
	case "REBUILD_WATCH":
		return s.rebuildWatch(ctx, m)
	case "CHECK_LAST":
		return s.checkLast(ctx, m)
	case "CLOSE_WATCH":
		s.closeWatch(m)
		return nil
	}
	return s.fail(ctx, m, "SYS_ERR", "unknown message")
}

func (s *socket) send(ctx context.Context, m message, data any) error {
	var err error
	if m.Data, err = marshal(data); err != nil {
		return err
	}
	text, err := marshal(m)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// fail answers a message with an error, which the SDK hands to onError unless it
// is one of a login.
func (s *socket) fail(ctx context.Context, m message, code, text string) error {
	return s.send(ctx, message{WatchID: m.WatchID, RequestID: m.RequestID, Type: "ERROR"}, map[string]string{"code": code, "message": text})
}

func (s *socket) login(ctx context.Context, m message) error {
	var p struct {
		EnvID   string `json:"envId"`
		SignStr string `json:"signStr"`
	}
	if err := json.Unmarshal(m.Data, &p); err != nil {
		return s.fail(ctx, m, "SIGN_PARAM_INVALID", "malformed")
	}
	call, err := s.h.clients.EnterSocket(ctx, p.SignStr, p.EnvID)
	if err == nil {
		call.Origin, call.IP, call.RequestID = s.from.Origin, s.from.IP, s.from.RequestID
		s.call, s.in = call, true
		return s.send(ctx, message{RequestID: m.RequestID, Type: "LOGIN"}, map[string]string{"envId": p.EnvID})
	}
	code := "SIGN_INVALID_ERROR"
	if models.IsCode(err, models.CodeTokenExpired) {
		code = "SIGN_EXPIRED_ERROR"
	}
	return s.fail(ctx, m, code, s.h.refuse(ctx, err, surfaceDatabase, s.from.RequestID).text)
}

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
	s.mu.Lock()
	many := len(s.follows) >= maxPerSocket
	s.mu.Unlock()
	if many || !s.h.followings.room(s.person()) {
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
	f := newFollowing(watch, s.person())
	events, err := f.begin(ctx)
	if err != nil {
		watch.Close()
		return s.refuse(ctx, m, err)
	}
	s.h.followings.add(f)
	if err := s.send(ctx, message{WatchID: m.WatchID, RequestID: m.RequestID, Type: "INIT_EVENT"}, f.state(events)); err != nil {
		s.h.followings.drop(f)
		return err
	}
	s.follow(ctx, m.WatchID, f)
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
func (s *socket) follow(ctx context.Context, watchID json.RawMessage, f *following) {
	ctx, f.cancel = context.WithCancel(ctx)
	s.mu.Lock()
	s.follows[string(watchID)] = f
	s.mu.Unlock()
	s.all.Go(func() {
		err := f.run(ctx, func(events []event) error {
			return s.send(ctx, message{WatchID: watchID, Type: "NEXT_EVENT"}, f.state(events))
		})
		if err == nil || ctx.Err() != nil {
			return
		}
		s.forget(watchID, f)
		_ = s.refuse(ctx, message{WatchID: watchID}, err)
	})
}

func (s *socket) forget(watchID json.RawMessage, f *following) {
	s.mu.Lock()
	delete(s.follows, string(watchID))
	s.mu.Unlock()
	s.h.followings.drop(f)
}

func (s *socket) closeWatch(m message) {
	s.mu.Lock()
	f := s.follows[string(m.WatchID)]
	s.mu.Unlock()
	if f != nil {
		f.cancel()
		s.forget(m.WatchID, f)
	}
}

// checkLast answers where a watch is; the SDK rebuilds it when it is behind.
func (s *socket) checkLast(ctx context.Context, m message) error {
	s.mu.Lock()
	f := s.follows[string(m.WatchID)]
	s.mu.Unlock()
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
	s.mu.Lock()
	here := s.follows[string(m.WatchID)] == f
	s.mu.Unlock()
	if !here && !s.h.followings.take(f) {
		return s.fail(ctx, m, "QUERYID_INVALID_ERROR", "the query is followed elsewhere")
	}
	events, ok := f.since(p.EventID)
	if !ok {
		s.forget(m.WatchID, f)
		return s.fail(ctx, m, "QUERYID_INVALID_ERROR", "events were lost")
	}
	if err := s.send(ctx, message{WatchID: m.WatchID, RequestID: m.RequestID, Type: "REBUILD_EVENT"}, f.state(events)); err != nil {
		if !here {
			s.h.followings.leave(f)
		}
		return err
	}
	if !here {
		s.follow(ctx, m.WatchID, f)
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
