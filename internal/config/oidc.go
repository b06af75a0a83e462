package config

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// OIDC names the OpenID provider with whose accounts people may sign in.
type OIDC struct {
	Issuer           string `name:"oidc-issuer" env:"ENVSHARE_OIDC_ISSUER" placeholder:"URL" help:"OpenID provider with whose accounts people may sign in to the console; empty for none. It must send people back to /login/oidc/callback of the console's address."`
	ClientID         string `name:"oidc-client-id" env:"ENVSHARE_OIDC_CLIENT_ID" placeholder:"ID" help:"What the provider calls this console."`
	ClientSecret     Secret `name:"oidc-client-secret" env:"ENVSHARE_OIDC_CLIENT_SECRET" placeholder:"SECRET" help:"How the console proves itself to the provider. Set it by the variable or the settings file; the command line shows it to everybody on the machine."`
	ClientSecretFile string `name:"oidc-client-secret-file" env:"ENVSHARE_OIDC_CLIENT_SECRET_FILE" placeholder:"FILE" help:"File that holds the client secret instead."`
	Name             string `name:"oidc-name" env:"ENVSHARE_OIDC_NAME" placeholder:"NAME" help:"What people call the provider; default: its host name."`
	CreateUsers      bool   `name:"oidc-create-users" env:"ENVSHARE_OIDC_CREATE_USERS" help:"Whoever signs in there without being linked to a user becomes a new user, with no role in any app. Otherwise they are refused."`
}

// Secret is a setting that shows itself to nobody who prints, logs or marshals it;
// convert it to a string to have its value.
type Secret string

const hidden = "(secret)"

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret, from JSON and structured logs too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// maxSecret bounds a file with a secret, in bytes.
const maxSecret = 4096

// Secret returns the client secret, from wherever it is set.
func (o OIDC) Secret() (string, error) {
	if o.ClientSecretFile == "" {
		return string(o.ClientSecret), nil
	}
	file, err := os.Open(o.ClientSecretFile)
	if err != nil {
		return "", fmt.Errorf("OpenID client secret: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil || len(text) > maxSecret {
		return "", errors.Join(fmt.Errorf("OpenID client secret: cannot use %s", o.ClientSecretFile), err)
	}
	return strings.TrimSpace(string(text)), nil
}

// validate checks what belongs together.
func (o OIDC) validate() error {
	if o.Issuer == "" {
		if o.ClientID != "" || o.ClientSecret != "" || o.ClientSecretFile != "" || o.CreateUsers {
			return errors.New("OpenID settings without --oidc-issuer")
		}
		return nil
	}
	u, err := url.Parse(o.Issuer)
	local := err == nil && u.Scheme == "http" && (u.Hostname() == "localhost" || Loopback(u.Hostname()+":0"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !local {
		return errors.New("OpenID issuer: want https://host, without user and query")
	}
	if o.ClientID == "" {
		return errors.New("--oidc-issuer needs --oidc-client-id")
	}
	if o.ClientSecret != "" && o.ClientSecretFile != "" {
		return errors.New("the OpenID client secret is set twice, by value and by file")
	}
	return nil
}
