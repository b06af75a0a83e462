package oidc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"envshare/internal/identity"
	"envshare/models"
)

const (
	// timeout bounds one question to the provider.
	timeout = 10 * time.Second
	// maxAnswer bounds one answer of it, in bytes.
	maxAnswer = 1 << 20
)

// Config says which provider, and who we are there.
type Config struct {
	Issuer       string // https://…, or http://… on loopback
	ClientID     string
	ClientSecret string // empty for a public client, which PKCE alone protects
	// RedirectURL is where browsers come back to. The provider must know it.
	RedirectURL string
	Name        string // empty for the issuer's host
}

// Provider is an identity.External. It is safe for concurrent use. It asks the
// provider when it is needed first, so that the console starts without it.
type Provider struct {
	config Config
	client *http.Client

	mu     sync.Mutex
	found  *discovered // nil until discovery succeeded
	failed time.Time   // when it failed last, and how
	cause  error
}

// patience is how long a provider that failed is not asked again: whoever presses
// the button meanwhile need not wait for its silence.
const patience = 3 * time.Second

// discovered is what the provider says about itself.
type discovered struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
}

var _ identity.External = (*Provider)(nil)

// New makes a Provider.
func New(c Config) (*Provider, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || c.ClientID == "" {
		return nil, errors.New("OpenID provider: want an issuer such as https://id.example.com and a client id")
	}
	if c.Name == "" {
		c.Name = u.Hostname()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	return &Provider{config: c, client: &http.Client{
		Timeout: timeout, Transport: bounded{transport},
		// A redirect would carry the secret to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.config.Name }

// Issuer is what the provider calls itself.
func (p *Provider) Issuer() string { return p.config.Issuer }

// bounded cuts answers at maxAnswer.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// discover returns what the provider says about itself, which is asked once with
// success.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if time.Since(p.failed) < patience {
		return nil, p.cause
	}
	found, err := p.ask(ctx)
	if err != nil {
		p.failed, p.cause = time.Now(), err
		return nil, err
	}
	p.found = found
	return found, nil
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	// The provider's keys are fetched later with this context: it must not end.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
	if err != nil {
		return nil, unreachable(err)
	}
	endpoint := provider.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL} {
		if strings.HasPrefix(p.config.Issuer, "https://") && !strings.HasPrefix(address, "https://") || address == "" {
			return nil, unreachable(errors.New("the provider names no endpoint, or one without TLS"))
		}
	}
	if p.config.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{
		provider: provider,
		verifier: provider.Verifier(&oidc.Config{ClientID: p.config.ClientID}),
		oauth: oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: endpoint,
			RedirectURL: p.config.RedirectURL, Scopes: []string{oidc.ScopeOpenID, "profile"},
		},
	}, nil
}

func unreachable(cause error) error {
	return models.E(models.CodeUnavailable, "oidc.unreachable").Wrap(cause)
}
