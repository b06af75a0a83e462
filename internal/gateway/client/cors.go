package client

import (
	"context"
	"net/http"
)

// Preflight answers whether a page may call. It does not know the environment yet,
// so it lets every page on that any environment knows; the call decides.
func (h *Handler) Preflight(w http.ResponseWriter, r *http.Request, from From) {
	h.share(r.Context(), w, r, from, "")
	header := w.Header()
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", "POST")
		header.Set("Access-Control-Allow-Headers", "content-type")
		header.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// share lets a page read an answer of an environment, if its owner lists the page.
func (h *Handler) share(ctx context.Context, w http.ResponseWriter, r *http.Request, from From, environmentID string) {
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	allowed := from.Origin == ""
	if !allowed {
		var err error
		if allowed, err = h.clients.AllowsOrigin(ctx, from.Origin, environmentID); err != nil {
			h.logger.WarnContext(ctx, "origin not decided", "error", err, "request_id", from.RequestID)
			return
		}
	}
	if allowed {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
}
