package service

import (
	"context"
	"crypto/subtle"

	"envshare/models"
)

// PrincipalOf names the principal of an app; false when there is no such app. The
// simulator of WeChat asks it.
func (s *Clients) PrincipalOf(ctx context.Context, appID string) (string, bool) {
	app, err := s.store.Apps.ByID(ctx, appID)
	return app.PrincipalID, err == nil
}

// VerifySecret reports whether secret is the secret of an app. The simulator of
// WeChat asks it.
func (s *Clients) VerifySecret(ctx context.Context, appID, secret string) bool {
	for _, kind := range []models.AppKind{models.MiniProgram, models.OfficialAccount} {
		if own, err := s.secretFor(ctx, appID, kind); err == nil {
			return subtle.ConstantTimeCompare([]byte(own), []byte(secret)) == 1
		}
	}
	return false
}

// MayReturnTo reports whether a login of an official account may return to a host.
// The simulator of WeChat asks it.
func (s *Clients) MayReturnTo(ctx context.Context, appID, host string) bool {
	f, err := s.facts.fresh(ctx)
	return err == nil && (f.loginOf("https", host) == appID || f.loginOf("http", host) == appID)
}
