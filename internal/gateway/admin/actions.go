package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"envshare/internal/service"
	"envshare/models"
)

// maxEvent bounds request_data, in bytes; the vendor's limit.
const maxEvent = 6 << 20

// invokeFunction runs a function (admin protocol, section 7).
func (h *Handler) invokeFunction(ctx context.Context, c *call) (reply, error) {
	name, _ := c.String("function_name")
	event, err := c.event()
	if err != nil {
		return reply{}, err
	}
	// Versions cannot be called by name yet: running another one than was asked
	// for would be worse than refusing.
	if qualifier, _ := c.String("qualifier"); qualifier != "" && qualifier != "$LATEST" && qualifier != "$DEFAULT" {
		return reply{}, models.E(models.CodeInvalid, "call.qualifier", "qualifier", loggable(qualifier))
	}
	stop := func() {}
	if !c.Multipart {
		stop = HoldOpen(c.w, h.cfg.KeepAlive)
	}
	defer stop()
	result, err := h.calls.Invoke(ctx, c.cred, c.info, name, event)
	stop()
	if err != nil {
		return reply{}, err
	}
	a := Answer{RequestID: c.info.RequestID, Data: struct {
		Response string `json:"response_data"`
	}{string(result.Value)}}
	return reply{answered, func(w http.ResponseWriter) error { return WriteAnswer(w, a) }}, nil
}

// event is the JSON text that the function gets. The node SDK sends "" for none.
func (c *call) event() (json.RawMessage, error) {
	data, _ := c.Bytes("request_data")
	switch data = bytes.TrimSpace(data); {
	case len(data) > maxEvent:
		return nil, models.E(codeTooLarge, "call.event_too_large", "max", maxEvent>>20)
	case len(data) == 0:
		return json.RawMessage("{}"), nil
	case !json.Valid(data):
		return nil, models.E(models.CodeInvalid, "call.event_json")
	}
	return data, nil
}

// Answers of wx.openApi (admin protocol, section 11).
const (
	crossAccountAPI = "getCrossAccountToken"
	// apiNotFound says that nothing here reaches WeChat's own APIs.
	apiNotFound = -604100
)

// openAPI answers wx.openApi: the handshake of a cross-account init(), and the
// APIs of WeChat, which this version does not reach.
func (h *Handler) openAPI(ctx context.Context, c *call) (reply, error) {
	if name, _ := c.String("apiName"); name != crossAccountAPI {
		return protobuf("-604100", CommOpenAPIResp{ErrorCode: apiNotFound}), nil
	}
	session, err := h.openSession(ctx, c)
	if err != nil {
		return h.refuse(ctx, c, err), nil
	}
	info := AuthorizationInfo{SecretID: session.SecretID, SecretKey: session.SecretKey, Token: session.Token}
	return protobuf(answered, CommOpenAPIResp{Data: info.Marshal(), HTTPCode: http.StatusOK}), nil
}

// openSession opens a cross-account session (admin protocol, section 12). The
// environment of the envelope is the caller's own and means nothing here.
func (h *Handler) openSession(ctx context.Context, c *call) (service.Credential, error) {
	data, _ := c.Bytes("requestData")
	request, err := DecodeCommAPIData(data)
	if err == nil && (request.Type != TokenAPI || request.Token.ResourceAppID == "" || request.Token.ResourceEnv == "") {
		err = errors.New("not a request for a cross-account token")
	}
	if err != nil {
		return service.Credential{}, models.E(models.CodeInvalid, "call.token_request").Wrap(err)
	}
	return h.calls.OpenSession(ctx, c.cred, c.info, request.Token.ResourceAppID, request.Token.ResourceEnv)
}

func protobuf(code string, resp CommOpenAPIResp) reply {
	return reply{code, func(w http.ResponseWriter) error { return WriteBytes(w, resp.Marshal()) }}
}

// refusalOf returns what cloudbase_auth said when it refused, nil for any other
// error.
func refusalOf(err error) *models.Refusal {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Refusal
	}
	return nil
}
