package service

import "sync"

const (
	// rememberedTokens bounds each of the two generations of openedTokens: together
	// they take two megabytes as a rule, and 16 at most.
	rememberedTokens = 2048
	// maxRememberedToken bounds one token, in bytes: base64 may be blown up with line
	// breaks and still be the same token.
	maxRememberedToken = 2 << 10
)

// openedTokens remembers what tokens hold that were opened, so that a caller who
// comes back does not pay for decrypting and decoding again. A token never
// changes what it holds, and whether its credential is still good is not
// remembered but asked on every call. Only tokens that were made here come in:
// others would push them out.
type openedTokens struct {
	mu            sync.Mutex
	newer, older  map[string]openedToken
	generationMax int // 0 for rememberedTokens
}

// openedToken is what a token holds, and the secret key that belongs to it.
type openedToken struct {
	claims    claims
	secretKey string
}

func (o *openedTokens) find(token string) (openedToken, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found, ok := o.newer[token]; ok {
		return found, true
	}
	found, ok := o.older[token]
	if ok {
		o.put(token, found)
	}
	return found, ok
}

func (o *openedTokens) remember(token string, t openedToken) {
	if len(token) > maxRememberedToken {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(token, t)
}

// put drops the older generation when the newer one is full: what is used stays,
// because find moves it to the newer one.
func (o *openedTokens) put(token string, t openedToken) {
	limit := o.generationMax
	if limit == 0 {
		limit = rememberedTokens
	}
	if o.newer == nil || len(o.newer) >= limit {
		o.older, o.newer = o.newer, make(map[string]openedToken)
	}
	o.newer[token] = t
}
