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
	maxLogins        = 5  // tries; the SDK makes three
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
	bad  int // tries to log in that failed

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
	cancel()
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
	if s.bad++; s.bad > maxLogins {
		return s.conn.Close(closeNotLoggedIn, "too many tries")
	}
	if err := json.Unmarshal(m.Data, &p); err != nil {
		return s.fail(ctx, m, "SIGN_PARAM_INVALID", "malformed")
	}
	call, err := s.h.clients.EnterSocket(ctx, p.SignStr, p.EnvID)
	if err == nil {
		call.Origin, call.IP, call.RequestID = s.from.Origin, s.from.IP, s.from.RequestID
		s.call, s.in, s.bad = call, true, 0
		return s.send(ctx, message{RequestID: m.RequestID, Type: "LOGIN"}, map[string]string{"envId": p.EnvID})
	}
	code := "SIGN_INVALID_ERROR"
	if models.IsCode(err, models.CodeTokenExpired) {
		code = "SIGN_EXPIRED_ERROR"
	}
	return s.fail(ctx, m, code, s.h.refuse(ctx, err, surfaceDatabase, s.from.RequestID).text)
}
