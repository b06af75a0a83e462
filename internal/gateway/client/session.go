package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"envshare/internal/gateway/intake"
	"envshare/models"
)

// getEnvAuth is the handshake of init(). A refusal goes into env_auth_info: as a
// failure of the call it would end a Node process (client protocol, section 3.2).
func (h *Handler) getEnvAuth(ctx context.Context, c *call) (inner, error) {
	var p struct {
		AppID string `json:"resource_appid"`
		Env   string `json:"resource_env"`
	}
	if err := c.params(&p); err != nil {
		return nil, err
	}
	c.client.ResourceAppID, c.client.EnvironmentID = p.AppID, p.Env
	if !c.client.Client.LoggedIn() {
		return nil, models.E(models.CodeUnauthenticated, "call.token_missing")
	}
	done, err := h.clients.Init(ctx, c.client)
	if err != nil {
		r := h.refuse(ctx, err, surfaceSession, c.client.RequestID)
		return inner{"env_auth_info": map[string]any{"errCode": r.number, "errMsg": r.text}}, nil
	}
	return inner{"env_auth_info": map[string]any{"errCode": 0, "errMsg": "", "expire_time": done.ExpiresAt.Unix()}}, nil
}

// Limits that the SDK keeps to by itself.
const (
	maxDocumentUpload = 512 << 10
	maxFilesNamed     = 50
	pollTimeout       = 15_000 // milliseconds
)

// init tells the SDK of limits. Nothing depends on it.
func (h *Handler) init(context.Context, *call) (inner, error) {
	return inner{
		"config": map[string]any{
			"db_doc_size_limit": maxDocumentUpload, "get_temp_file_url_max_requests": maxFilesNamed, "call_function_client_poll_timeout": pollTimeout,
		},
		"tcb_api_list": []any{},
	}, nil
}

func (h *Handler) testSpeed(context.Context, *call) (inner, error) { return inner{}, nil }

// serviceInfoLife is how long the SDK keeps what serviceInfo says, in seconds.
const serviceInfoLife = 7200

// serviceInfo keeps the SDK on the plain channel and away from the vendor's hosts:
// an empty token, no url for functions, a domain of our own (client protocol,
// section 4).
func (h *Handler) serviceInfo(ctx context.Context, _ *call) (inner, error) {
	base, err := h.credentials.GatewayURL(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	return inner{
		"token": "", "key": "", "timestamp": h.now().UnixMilli(), "expires_in": serviceInfoLife, "domain": u.Host,
		"url_info": map[string]string{"cloudrun_url": base + ContainerPath},
	}, nil
}

// ContainerPath is where the SDK looks for containers, which are not offered.
const ContainerPath = "/wxa-qbase/container_service"

func (h *Handler) callContainer(context.Context, *call) (inner, error) {
	return nil, models.E(codeUnknownAPI, "call.containers_absent")
}

// Container refuses what the SDK sends past jsoperatewxdata.
func (h *Handler) Container(w http.ResponseWriter, r *http.Request, from From) {
	refused := refusalOf(models.E(codeUnknownAPI, "call.containers_absent"), surfaceFunctions, from.RequestID)
	body, err := marshal(map[string]any{"errcode": refused.number, "errmsg": refused.text})
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusNotImplemented)
	_, err = w.Write(body)
	h.delivered(r.Context(), from, err)
}

// readBody reads a body within its bound.
func readBody(w http.ResponseWriter, body io.ReadCloser, limit int64) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, models.E(models.CodeInvalid, "call.body_too_large", "max", limit>>20).Wrap(err)
	case errors.Is(err, intake.ErrBusy):
		return nil, models.E(models.CodeLimited, "call.too_busy").Wrap(err)
	case err != nil:
		return nil, malformed(err)
	}
	return text, nil
}

// maxLogged bounds what a stranger's words put into the log, in bytes.
const maxLogged = 64

func loggable(s string) string {
	if len(s) > maxLogged {
		s = s[:maxLogged]
	}
	return strings.ToValidUTF8(s, "")
}
