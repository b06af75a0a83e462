package client

import (
	"net/http"

	"envshare/internal/service"
	"envshare/models"
)

// CheckLogin tells whether a login works, and signs a page for WeChat's JavaScript
// when the request names one (client protocol, sections 10.1 and 10.7).
func (h *Handler) CheckLogin(w http.ResponseWriter, r *http.Request, from From) Outcome {
	var p struct {
		AppID       string `json:"appid"`
		AccessToken string `json:"access_token"`
		URL         string `json:"url"`
	}
	return h.login(w, r, from, "check_login", &p, func() (outer, int, error) {
		person, err := h.clients.Authenticate(r.Context(), p.AccessToken)
		if models.IsCode(err, models.CodeTokenExpired) {
			return nil, retTokenExpired, err
		}
		if err == nil && person.AppID() != p.AppID {
			err = models.E(models.CodeUnauthenticated, "call.token_unknown")
		}
		if err != nil {
			return nil, retTokenInvalid, err
		}
		out := outer{}
		cloudID, err := h.clients.CloudID(person)
		if err != nil {
			return nil, retSystem, err
		}
		if cloudID != "" {
			out["cloudid"] = cloudID
		}
		if p.URL == "" {
			return out, 0, nil
		}
		signed, err := h.clients.SignPage(r.Context(), person, p.URL)
		if err != nil {
			return nil, retSystem, err
		}
		out["jssdk_info"] = map[string]any{"timestamp": signed.Timestamp, "noncestr": signed.Nonce, "signature": signed.Signature}
		return out, 0, nil
	})
}

// RefreshToken gives a login more time. Whatever is wrong has the number of a bad
// refresh token: those of an access token would lock the SDK up (client protocol,
// section 10.6).
func (h *Handler) RefreshToken(w http.ResponseWriter, r *http.Request, from From) Outcome {
	var p struct {
		AppID        string  `json:"appid"`
		RefreshToken *string `json:"refresh_token"`
		AccessToken  string  `json:"access_token"`
	}
	return h.login(w, r, from, "refresh_token", &p, func() (outer, int, error) {
		renewal := service.Renewal{AppID: p.AppID, Access: p.AccessToken}
		if p.RefreshToken != nil {
			renewal.Refresh = *p.RefreshToken
		}
		token, err := h.clients.Renew(r.Context(), renewal)
		if err != nil {
			return nil, retRefreshInvalid, err
		}
		return outer{"access_token": token}, 0, nil
	})
}

// Login logs the user of a mini program in by the code that wx.login gave, and
// returns the tokens that checkLogin takes. It is ours: the vendor's SDK has no
// call for it outside of web pages.
func (h *Handler) Login(w http.ResponseWriter, r *http.Request, from From) Outcome {
	var p struct {
		AppID string `json:"appid"`
		Code  string `json:"code"`
	}
	return h.login(w, r, from, "login", &p, func() (outer, int, error) {
		tokens, err := h.clients.LoginMiniProgram(r.Context(), from.IP, p.AppID, p.Code)
		if models.IsCode(err, models.CodeLimited) {
			return nil, retLimited, err
		}
		if err != nil {
			return nil, retRefreshInvalid, err
		}
		return outer{"access_token": tokens.Access, "refresh_token": tokens.Refresh}, 0, nil
	})
}

// Logout ends every login of the person in the app. It is ours, like Login.
func (h *Handler) Logout(w http.ResponseWriter, r *http.Request, from From) Outcome {
	var p struct {
		AccessToken string `json:"access_token"`
	}
	return h.login(w, r, from, "logout", &p, func() (outer, int, error) {
		person, err := h.clients.Authenticate(r.Context(), p.AccessToken)
		if err != nil {
			return nil, retTokenInvalid, err
		}
		return nil, 0, h.clients.SignOut(r.Context(), person)
	})
}

// login reads a body, does what the call is for and answers with HTTP 200.
func (h *Handler) login(w http.ResponseWriter, r *http.Request, from From, name string, into any, do func() (outer, int, error)) Outcome {
	outcome := Outcome{Action: name, Code: answered}
	h.share(r.Context(), w, r, from, "")
	fields, ret, err := outer(nil), retArguments, h.decode(w, r, from.IP, into)
	if err == nil {
		fields, ret, err = do()
	}
	message := ""
	if err != nil {
		refused := h.refuse(r.Context(), err, surfaceSession, from.RequestID)
		if refused.ours || ret == 0 {
			ret = retSystem
		}
		outcome.Code, message = string(refused.number), refused.text
	}
	h.delivered(r.Context(), from, writeOuter(w, ret, message, fields))
	return outcome
}
