package client

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"envshare/internal/gateway/intake"
	"envshare/internal/service"
	"envshare/models"
)

// Config says how the endpoint works. Zero values take the defaults named here.
type Config struct {
	// Body bounds a body, in bytes; default 8 MiB, which holds an event of the SDK's
	// largest size.
	Body int64
	// Memory bounds what the bodies of all requests take together; default 128 MiB.
	Memory int64
	// BodyTimeout bounds how long a body may take to arrive; default 30 s.
	BodyTimeout time.Duration
	// Hold is how long a request waits for a function; default 8 s.
	Hold time.Duration
}

// Deps is what the endpoint stands on.
type Deps struct {
	Clients     *service.Clients
	Credentials *service.Credentials
	Logger      *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Life ends when the server stops; nil for never.
	Life context.Context
}

// Handler is the endpoint.
type Handler struct {
	cfg         Config
	clients     *service.Clients
	credentials *service.Credentials
	logger      *slog.Logger
	now         func() time.Time
	budget      intake.Budget
	life        context.Context // of the server: sockets end with it
	followings  followings
}

// New makes the endpoint.
func New(cfg Config, d Deps) *Handler {
	if cfg.Body <= 0 {
		cfg.Body = 8 << 20
	}
	if cfg.Memory <= 0 {
		cfg.Memory = 128 << 20
	}
	if cfg.BodyTimeout <= 0 {
		cfg.BodyTimeout = 30 * time.Second
	}
	if cfg.Hold <= 0 {
		cfg.Hold = hold
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Life == nil {
		d.Life = context.Background()
	}
	h := &Handler{life: d.Life, cfg: cfg, clients: d.Clients, credentials: d.Credentials, logger: d.Logger, now: d.Now}
	h.budget.Limit, h.followings.keep = cfg.Memory, keepFollowing
	return h
}

// Outcome is what may be logged of a request.
type Outcome struct {
	Action               string // as sent, cut to a bounded length
	AppID, EnvironmentID string // of the caller, and where it called
	Code                 string // the number of a refusal, "OK" for none
}

// call is one request on its way.
type call struct {
	*request
	client service.ClientCall
}

// From is where a request came from.
type From struct {
	// Origin is the web page that sent it, "" for none or one of the gateway's own.
	Origin        string
	IP, RequestID string
}

// action is one name of qbase_api_name.
type action struct {
	do func(*Handler, context.Context, *call) (inner, error)
	on surface
}

var actions = map[string]action{
	"tcbapi_getenvauth":       {(*Handler).getEnvAuth, surfaceSession},
	"tcbapi_init":             {(*Handler).init, surfaceSession},
	"tcbapi_testspeed":        {(*Handler).testSpeed, surfaceSession},
	"tcbapi_get_service_info": {(*Handler).serviceInfo, surfaceSession},

	"tcbapi_slowcallfunction_v2": {(*Handler).callFunction, surfaceFunctions},
	"tcbapi_call_container":      {(*Handler).callContainer, surfaceFunctions},

	"tcbapi_db_adddocument":    {(*Handler).addDocument, surfaceDatabase},
	"tcbapi_db_querydocument":  {(*Handler).queryDocument, surfaceDatabase},
	"tcbapi_db_countdocument":  {(*Handler).countDocument, surfaceDatabase},
	"tcbapi_db_setdocument":    {(*Handler).setDocument, surfaceDatabase},
	"tcbapi_db_updatedocument": {(*Handler).updateDocument, surfaceDatabase},
	"tcbapi_db_deletedocument": {(*Handler).deleteDocument, surfaceDatabase},
	"tcbapi_db_aggregate":      {(*Handler).aggregate, surfaceDatabase},

	"tcbapi_db_get_realtime_connection": {(*Handler).realtime, surfaceDatabase},

	"tcbapi_cos_uploadfile": {(*Handler).uploadFile, surfaceStorage},
	"tcbapi_downloadfile":   {(*Handler).downloadFile, surfaceStorage},
	"tcbapi_gettempfileurl": {(*Handler).tempFileURL, surfaceStorage},
	"tcbapi_deletefile":     {(*Handler).deleteFile, surfaceStorage},
}

const answered = "OK"

// Call answers one request of jsoperatewxdata, with HTTP 200 whatever it is.
func (h *Handler) Call(w http.ResponseWriter, r *http.Request, from From) Outcome {
	started := h.now()
	var outcome Outcome
	c := &call{client: service.ClientCall{Origin: from.Origin, IP: from.IP, RequestID: from.RequestID}}
	in, ret, err := h.handle(w, r, c, &outcome)
	h.share(r.Context(), w, r, from, c.client.EnvironmentID)
	outcome.Code = answered
	switch {
	case err == nil:
		in = in.sealed("0", "ok", h.now().Sub(started))
	case ret != 0:
		refused := h.refuse(r.Context(), err, surfaceSession, from.RequestID)
		outcome.Code = string(refused.number)
		h.delivered(r.Context(), from, writeOuter(w, ret, refused.text, nil))
		return outcome
	default:
		refused := h.refuse(r.Context(), err, actions[c.Data.API].on, from.RequestID)
		outcome.Code = string(refused.number)
		in = inner(nil).sealed(refused.number, refused.text, h.now().Sub(started))
	}
	h.delivered(r.Context(), from, writeInner(w, in))
	return outcome
}

func (h *Handler) refuse(ctx context.Context, err error, on surface, requestID string) refusal {
	refused := refusalOf(err, on, requestID)
	if refused.ours {
		h.logger.ErrorContext(ctx, "client call failed", "error", err, "request_id", requestID)
	}
	return refused
}

func (h *Handler) delivered(ctx context.Context, from From, err error) {
	if err != nil {
		h.logger.DebugContext(ctx, "answer not delivered", "error", err, "request_id", from.RequestID)
	}
}

// handle decodes, finds out who calls, and dispatches. A ret that is not 0 refuses
// the request outside of the inner answer.
func (h *Handler) handle(w http.ResponseWriter, r *http.Request, c *call, outcome *Outcome) (in inner, ret int, err error) {
	c.request = &request{}
	if err := h.decode(w, r, c.client.IP, c.request); err != nil {
		return nil, retArguments, err
	}
	outcome.Action = loggable(c.Data.API)
	if ret, err := h.identify(r.Context(), c); err != nil {
		return nil, ret, err
	}
	c.client.ResourceAppID, c.client.EnvironmentID = c.AppID, c.env()
	c.client.TraceUser = c.Data.Options.TraceUser
	outcome.AppID, outcome.EnvironmentID = c.client.Client.AppID(), loggable(c.client.EnvironmentID)
	act, known := actions[c.Data.API]
	if !known {
		return nil, 0, models.E(codeUnknownAPI, "call.api_unknown", "api", loggable(c.Data.API))
	}
	in, err = act.do(h, r.Context(), c)
	return in, 0, err
}

// decode reads the body under a deadline of its own: a held request must not be
// cut by the server's.
func (h *Handler) decode(w http.ResponseWriter, r *http.Request, ip string, into any) error {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(h.cfg.BodyTimeout)) // a writer without deadlines, as in tests, has nothing to bound
	body := h.budget.Meter(r.Body, ip)
	defer body.Release()
	text, err := readBody(w, body, h.cfg.Body)
	if err != nil {
		return err
	}
	_ = connection.SetReadDeadline(time.Time{})
	if err := json.Unmarshal(text, into); err != nil {
		return malformed(err)
	}
	return nil
}

// identify finds out who calls: nobody, where the call says so, or the person whom
// its token names. A call that says neither comes from an app whose token was lost
// (client protocol, section 13, number 9).
func (h *Handler) identify(ctx context.Context, c *call) (ret int, err error) {
	if c.AccessToken == "" {
		if c.Data.Options.Identityless {
			return 0, nil
		}
		return retTokenInvalid, models.E(models.CodeUnauthenticated, "call.token_missing")
	}
	c.client.Client, err = h.clients.Authenticate(ctx, c.AccessToken)
	switch {
	case models.IsCode(err, models.CodeTokenExpired):
		return retTokenExpired, err
	case models.IsCode(err, models.CodeUnauthenticated):
		return retTokenInvalid, err
	case err != nil:
		return retSystem, err
	}
	return 0, nil
}
