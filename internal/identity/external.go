package identity

import (
	"context"
	"net/url"
)

// Attempt is what the browser of somebody who signs in elsewhere keeps until they
// are back. It binds the answer to the browser and to the question.
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// Account is an account of a person at an OpenID provider. Issuer and Subject
// together name it, for ever; Name and Username are what it shows of itself, may
// change, and decide nothing.
type Account struct {
	Issuer, Subject string
	Name, Username  string
}

// External is an OpenID provider with whose accounts people sign in to the
// console. Errors are models errors that hold no secret: unauthenticated when the
// person, or the provider for them, said no or the answer is not to be believed,
// unavailable when the provider does not serve us now.
type External interface {
	// Name is what people call the provider.
	Name() string
	// Issuer is what the provider calls itself.
	Issuer() string
	// Begin returns where to send the browser, and what it keeps meanwhile.
	Begin(ctx context.Context) (address string, a Attempt, err error)
	// Finish turns the query of the address with which the browser came back into
	// the account that it proves.
	Finish(ctx context.Context, a Attempt, answer url.Values) (Account, error)
}
