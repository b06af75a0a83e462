package main

import (
	"cmp"
	"net"

	"envshare/internal/config"
	"envshare/internal/identity/oidc"
	"envshare/internal/paths"
	"envshare/internal/service"
)

// external adds the OpenID provider with whose accounts people sign in, if there is
// one.
func (s serveCommand) external(deps *service.Deps, console net.Addr) error {
	if s.OIDC.Issuer == "" {
		return nil
	}
	secret, err := s.OIDC.Secret()
	if err != nil {
		return err
	}
	deps.CreateExternalUsers = s.OIDC.CreateUsers
	deps.External, err = oidc.New(oidc.Config{
		Issuer: s.OIDC.Issuer, ClientID: s.OIDC.ClientID, ClientSecret: secret, Name: s.OIDC.Name,
		RedirectURL: cmp.Or(s.ConsoleURL, config.LocalURL(console)) + paths.LoginExternalCallback(),
	})
	return err
}
