package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"envshare/internal/identity"
	"envshare/models"
)

// API is where WeChat answers.
const API = "https://api.weixin.qq.com"

const (
	// timeout bounds whatever one caller waits for.
	timeout = 10 * time.Second
	// maxAnswer bounds an answer, in bytes; WeChat's have a few hundred.
	maxAnswer = 64 << 10
	// maxConnections bounds what a burst of logins opens.
	maxConnections = 64
)

// Client asks WeChat. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	http    *http.Client
	timeout time.Duration
	tickets *tickets
}

var _ identity.WeChat = (*Client)(nil)

// New makes a Client for the API at a base address, which may have a path.
func New(base string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("address of the WeChat API: want http://host or https://host, with a path at most")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = maxConnections, maxConnections/4
	transport.MaxResponseHeaderBytes = maxAnswer
	c := &Client{base: u, timeout: timeout, http: &http.Client{
		Transport: transport,
		// A redirect would carry the secret to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	c.tickets = newTickets(c)
	return c, nil
}

// answer is the union of WeChat's answers.
type answer struct {
	ErrCode     int64  `json:"errcode"`
	ErrMsg      string `json:"errmsg"`
	OpenID      string `json:"openid"`
	UnionID     string `json:"unionid"`
	Scope       string `json:"scope"`
	SessionKey  string `json:"session_key"`
	AccessToken string `json:"access_token"`
	Ticket      string `json:"ticket"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	NickName    string `json:"nickname"`
	AvatarURL   string `json:"headimgurl"`
}

// request is one question. Its errors name path and app, and nothing else of it.
type request struct {
	path, appID, secret string
	query               url.Values
	body                any // nil for GET
}

// ask sends a request and returns an answer that is no refusal.
func (c *Client) ask(ctx context.Context, r request) (answer, error) {
	if r.secret == "" {
		return answer{}, refused(r, answer{ErrCode: codeSecretMissing, ErrMsg: "none is stored"})
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	body, err := c.exchange(ctx, r)
	if err != nil {
		return answer{}, models.E(models.CodeUnavailable, "wechat.unreachable").Wrap(r.failed(err))
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		// The decoder's words may quote the answer, which may hold secrets.
		return answer{}, unreadable(r, "no JSON object with the fields expected")
	}
	if a.ErrCode != 0 {
		return answer{}, refused(r, a)
	}
	return a, nil
}

// exchange returns the body of an answer with status 200. The type is not looked
// at: WeChat calls its JSON text/plain.
func (c *Client) exchange(ctx context.Context, r request) ([]byte, error) {
	target := c.base.JoinPath(r.path)
	target.RawQuery = r.query.Encode()
	method, body := http.MethodGet, ""
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		method, body = http.MethodPost, string(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), strings.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	read, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(read) > maxAnswer {
		err = fmt.Errorf("more than %d bytes", maxAnswer)
	}
	return read, err
}

// withoutURL takes the address off an error: its query holds the secret.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
