package oidc

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"envshare/internal/identity"
	"envshare/models"
)

// Begin implements identity.External.
func (p *Provider) Begin(ctx context.Context) (string, identity.Attempt, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", identity.Attempt{}, err
	}
	a := identity.Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return d.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), a, nil
}

// Finish implements identity.External.
func (p *Provider) Finish(ctx context.Context, a identity.Attempt, answer url.Values) (identity.Account, error) {
	if a.State == "" || !equal(a.State, answer.Get("state")) {
		return identity.Account{}, refused(errors.New("state differs"))
	}
	// Who answers with another provider's code says so (RFC 9207).
	if issuer := answer.Get("iss"); issuer != "" && issuer != p.config.Issuer {
		return identity.Account{}, refused(errors.New("another issuer answers"))
	}
	if answer.Get("error") == "access_denied" {
		return identity.Account{}, models.E(models.CodeUnauthenticated, "oidc.denied")
	}
	if answer.Get("code") == "" {
		return identity.Account{}, refused(fmt.Errorf("no code, error %.64q", answer.Get("error")))
	}
	d, err := p.discover(ctx)
	if err != nil {
		return identity.Account{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := d.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return identity.Account{}, exchangeFailed(err)
	}
	id, err := d.verify(ctx, a, token)
	if err != nil {
		return identity.Account{}, refused(err)
	}
	return d.account(ctx, id, token)
}

// exchangeFailed tells a provider that says no from one that does not answer. The
// answer itself may hold anything, so it stays out of the error.
func exchangeFailed(err error) error {
	var said *oauth2.RetrieveError
	if errors.As(err, &said) && said.Response != nil && said.Response.StatusCode < 500 {
		return refused(fmt.Errorf("exchange of the code: status %d, error %.64q", said.Response.StatusCode, said.ErrorCode))
	}
	return unreachable(errors.New("exchange of the code: no answer"))
}

// verify checks the ID token: signature, issuer, audience and expiry, then that
// it answers this attempt and is for us.
func (d *discovered) verify(ctx context.Context, a identity.Attempt, token *oauth2.Token) (*oidc.IDToken, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if !equal(a.Nonce, id.Nonce) {
		return nil, errors.New("nonce differs")
	}
	var party struct {
		AuthorizedParty string `json:"azp"`
	}
	if err := id.Claims(&party); err != nil {
		return nil, err
	}
	if party.AuthorizedParty != "" && party.AuthorizedParty != d.oauth.ClientID || party.AuthorizedParty == "" && len(id.Audience) > 1 {
		return nil, errors.New("the ID token is for somebody else")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, err
		}
	}
	if id.Subject == "" || len(id.Subject) > 255 {
		return nil, errors.New("subject is empty, or too long")
	}
	return id, nil
}

// shown is what an account shows of itself.
type shown struct {
	Username string `json:"preferred_username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
}

// account reads the names of the account, from the ID token or, where that has
// none, from the provider's page about the person.
func (d *discovered) account(ctx context.Context, id *oidc.IDToken, token *oauth2.Token) (identity.Account, error) {
	var s shown
	if err := id.Claims(&s); err != nil {
		return identity.Account{}, refused(err)
	}
	if s == (shown{}) && d.provider.UserInfoEndpoint() != "" {
		info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err == nil && info.Subject == id.Subject { // names are a courtesy: without them it goes on
			_ = info.Claims(&s)
		}
	}
	return identity.Account{
		Issuer: id.Issuer, Subject: id.Subject, Username: s.Username,
		Name: cmp.Or(s.Username, s.Email, s.Name, id.Subject),
	}, nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refused(cause error) error {
	return models.E(models.CodeUnauthenticated, "oidc.refused").Wrap(cause)
}
