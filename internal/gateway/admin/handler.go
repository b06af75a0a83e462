package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"envshare/internal/gateway/intake"
	"envshare/internal/service"
	"envshare/models"
)

// Config says how the endpoint works. Zero values take the defaults named here.
type Config struct {
	// Limits bound a body; default DefaultBody.
	Limits Limits
	// Memory bounds what the bodies of all requests take together, in bytes;
	// default 256 MiB. What comes on top is refused.
	Memory int64
	// BodyTimeout bounds how long a body may take to arrive; default 60 s.
	BodyTimeout time.Duration
	// KeepAlive is how often a caller that waits for a function gets a byte;
	// default KeepAlive.
	KeepAlive time.Duration
}

// DefaultBody holds an event of maxEvent bytes and a document of 16 MiB, however
// much quotation adds to them: escapes at most double what is mostly text.
const DefaultBody = 48 << 20

// Deps is what the endpoint stands on.
type Deps struct {
	Calls       *service.Calls
	Documents   *service.Documents
	Files       *service.Files
	Credentials *service.Credentials
	Logger      *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

// Handler is the endpoint.
//
// Nothing makes a call idempotent, here as in the vendor's protocol: a caller
// that lost an answer does not know whether its call was made. A stranger who
// captured a request cannot repeat it: a signature is good for MaxSkew, is
// accepted once (see replays for the limits of that), and ends with its
// credential.
type Handler struct {
	cfg         Config
	calls       *service.Calls
	docs        *service.Documents
	files       *service.Files
	credentials *service.Credentials
	logger      *slog.Logger
	now         func() time.Time
	replays     replays
	budget      intake.Budget
}

// New makes the endpoint.
func New(cfg Config, d Deps) *Handler {
	if cfg.Limits.Body <= 0 {
		cfg.Limits.Body = DefaultBody
	}
	if cfg.Memory <= 0 {
		cfg.Memory = 256 << 20
	}
	if cfg.BodyTimeout <= 0 {
		cfg.BodyTimeout = time.Minute
	}
	if cfg.KeepAlive <= 0 {
		cfg.KeepAlive = KeepAlive
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	h := &Handler{cfg: cfg, calls: d.Calls, docs: d.Documents, files: d.Files, credentials: d.Credentials, logger: d.Logger, now: d.Now}
	h.budget.Limit = cfg.Memory
	return h
}

// Outcome is what may be logged of a request.
type Outcome struct {
	Action string // as sent, cut to a bounded length
	// AppID and EnvironmentID are empty until the signature was verified.
	AppID, EnvironmentID string
	Code                 string // the protocol's code or number of a refusal, "OK" for none
}

// call is one request on its way.
type call struct {
	*Request
	w    http.ResponseWriter
	cred service.Credential
	info service.CallInfo
}

// reply is an answer that is ready to be written.
type reply struct {
	code  string
	write func(http.ResponseWriter) error
}

const answered = "OK"

// Serve answers one request with HTTP 200, whatever it is (admin protocol,
// section 4). requestID names it, ip is where it came from.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, requestID, ip string) Outcome {
	var outcome Outcome
	body := h.budget.Meter(r.Body, ip)
	r.Body = body
	defer body.Release()
	c := &call{w: w, info: service.CallInfo{IP: ip, RequestID: requestID}}
	out, err := h.handle(r, c, &outcome)
	if err != nil {
		out = h.fail(r.Context(), c, err)
	}
	outcome.Code = out.code
	if err := out.write(w); err != nil {
		h.logger.DebugContext(r.Context(), "answer not delivered", "error", err, "request_id", requestID)
	}
	return outcome
}

// handle decodes, authenticates and dispatches, in this order: nothing that was
// not signed has any effect.
func (h *Handler) handle(r *http.Request, c *call, outcome *Outcome) (reply, error) {
	var err error
	if c.Request, err = h.decode(c.w, r); err != nil {
		return reply{}, err
	}
	outcome.Action = loggable(c.Action)
	if err := h.authenticate(r, c); err != nil {
		return reply{}, err
	}
	c.info.EnvironmentID, _ = c.String("envName")
	c.info.UserToken, _ = c.String("wxCloudApiToken")
	outcome.AppID, outcome.EnvironmentID = c.cred.AppID(), c.cred.EnvironmentID()
	if c.info.EnvironmentID != "" {
		outcome.EnvironmentID = loggable(c.info.EnvironmentID)
	}
	// A function runs on when its caller leaves, and its end must be recorded; the
	// services bound how long they wait.
	return h.dispatch(context.WithoutCancel(r.Context()), c)
}

// decode reads the body under a deadline of its own: the server's would end the
// wait for a long function too.
func (h *Handler) decode(w http.ResponseWriter, r *http.Request) (*Request, error) {
	// Without a connection below, as in tests, there is nothing to bound.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(h.cfg.BodyTimeout))
	req, err := DecodeRequest(r, h.cfg.Limits)
	if err != nil {
		return nil, decodeError(err, h.cfg.Limits.Body)
	}
	_ = connection.SetReadDeadline(time.Time{})
	return req, nil
}

// authenticate fills in the credential that signed the request.
//
// crossAuthorizationToken needs no look of its own, beyond being signed: it
// returns the opaque wxParam of AuthorizationInfo, which is empty here, since
// everything a session may do is in its credential.
func (h *Handler) authenticate(r *http.Request, c *call) error {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return signatureError(ErrScheme)
	}
	auth, err := ParseAuthorization(values[0])
	if err != nil {
		return signatureError(err)
	}
	token, _ := c.String("sessionToken")
	if c.cred, err = h.credentials.Authenticate(r.Context(), auth.SecretID, token); err != nil {
		return err
	}
	if err := Verify(NewSignedRequest(r, c.Params), auth, c.cred.SecretKey, h.now()); err != nil {
		return signatureError(err)
	}
	if !h.replays.first(auth.Signature) {
		return models.E(codeSignature, "call.sign_replayed")
	}
	return nil
}

func (h *Handler) dispatch(ctx context.Context, c *call) (reply, error) {
	if action, ok := databaseActions[c.Action]; ok {
		return c.answer(action(h, ctx, c))
	}
	if action, ok := storageActions[c.Action]; ok {
		return c.answer(action(h, ctx, c))
	}
	switch c.Action {
	case "functions.invokeFunction":
		return h.invokeFunction(ctx, c)
	case "wx.openApi":
		return h.openAPI(ctx, c)
	case "wx.api", "wx.wxPayApi", "wx.wxCallContainerApi":
		return reply{}, models.E(codeAction, "call.wechat_unavailable", "action", c.Action)
	}
	return reply{}, models.E(codeAction, "call.action_unknown", "action", loggable(c.Action))
}

// fail makes the answer of a refused or failed call of either kind.
func (h *Handler) fail(ctx context.Context, c *call, err error) reply {
	f := h.explain(ctx, c, err).failure(err, c.info.RequestID)
	return reply{f.Code, func(w http.ResponseWriter) error { return WriteFailure(w, f) }}
}

// refuse makes the answer of a refused handshake, which has room for a number,
// and leaves cloudbase_auth's own one as it is.
func (h *Handler) refuse(ctx context.Context, c *call, err error) reply {
	r := h.explain(ctx, c, err)
	number, text := json.Number(strconv.Itoa(r.number)), r.text(err, c.info.RequestID)
	if refusal := refusalOf(err); refusal != nil {
		number, text = refusal.ErrCode, refusal.ErrMsg
	}
	return reply{loggable(number.String()), func(w http.ResponseWriter) error { return WriteRefusal(w, number, text) }}
}

// explain finds the row of an error, and logs one that is our failure.
func (h *Handler) explain(ctx context.Context, c *call, err error) row {
	r := rowOf(err)
	if c.Request != nil {
		r = r.on(c.Action)
	}
	if r.ours() {
		h.logger.ErrorContext(ctx, "call failed", "error", err, "request_id", c.info.RequestID)
	}
	return r
}

// maxLogged bounds what a stranger's words put into a log or an answer, in bytes.
const maxLogged = 64

func loggable(s string) string {
	if len(s) <= maxLogged {
		return s
	}
	return strings.ToValidUTF8(s[:maxLogged], "") + "…"
}
