package client

import (
	"html/template"
	"net/http"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
)

// OAuth takes a person back from WeChat's authorise page to the page that asked,
// with the tokens of a new login (client protocol, section 10.3).
func (h *Handler) OAuth(w http.ResponseWriter, r *http.Request, from From) Outcome {
	outcome := Outcome{Action: "oauth", Code: answered}
	q := r.URL.Query()
	back, err := h.clients.ReturnFromWeChat(r.Context(), service.WebLogin{
		AppID: q.Get("appid"), RedirectURI: q.Get("redirect_uri"), Code: q.Get("code"), State: q.Get("state"), IP: from.IP,
	})
	if err == nil {
		w.Header().Set("Location", back)
		w.WriteHeader(http.StatusFound)
		return outcome
	}
	refused := h.refuse(r.Context(), err, surfaceSession, from.RequestID)
	outcome.Code = string(refused.number)
	status, known := oauthStatus[models.CodeOf(err)]
	if !known {
		status = http.StatusBadGateway
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryLogin)
	}
	w.WriteHeader(status)
	h.delivered(r.Context(), from, loginFailed.Execute(w, map[string]string{
		"Title": i18n.Both("call.login_failed", nil), "Why": refused.text, "RequestID": from.RequestID,
	}))
	return outcome
}

// retryLogin is after how many seconds a login that was one too many may go ahead.
const retryLogin = "60"

var oauthStatus = map[models.Code]int{
	models.CodeInvalid: http.StatusBadRequest, models.CodeForbidden: http.StatusForbidden, models.CodeNotFound: http.StatusNotFound,
	models.CodeLimited: http.StatusTooManyRequests, models.CodeUnavailable: http.StatusBadGateway, models.CodeInternal: http.StatusInternalServerError,
}

// loginFailed is what a person sees whose login went wrong. It needs no style: the
// policy of every answer forbids any.
var loginFailed = template.Must(template.New("").Parse(`<!doctype html>
<html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
<p>{{.Why}}</p>
<p><small>{{.RequestID}}</small></p>
</html>
`))
