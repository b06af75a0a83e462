package service

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/models"
)

func TestOpenedTokens_KeepWhatIsUsedWithinTheirBound(t *testing.T) {
	o := openedTokens{generationMax: 10}
	o.remember("used", openedToken{secretKey: "key of used"})
	for i := range 1000 {
		o.remember(fmt.Sprint(i), openedToken{})
		if found, ok := o.find("used"); !ok || found.secretKey != "key of used" {
			t.Fatalf("after %d others: %v %v", i, found, ok)
		}
		if n := len(o.newer) + len(o.older); n > 20 {
			t.Fatalf("%d tokens are remembered", n)
		}
	}
	long := strings.Repeat("x", maxRememberedToken+1)
	o.remember(long, openedToken{})
	if _, ok := o.find(long); ok {
		t.Error("a token beyond the bound is remembered")
	}
	if _, ok := o.find("0"); ok {
		t.Error("the first of a thousand others is still remembered")
	}
}

// A token that was opened before is checked as one that comes for the first time.
func TestCredentials_ARememberedTokenIsChecked(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	good, row := w.issued(t)
	second, _ := w.issued(t)
	expiring, _ := w.issued(t)
	for _, c := range []Credential{good, good, second, expiring} {
		got, err := w.Credentials.Authenticate(ctx, c.SecretID, c.Token)
		must(t, err)
		if got.SecretKey != c.SecretKey {
			t.Error("another secret key for a remembered token")
		}
	}
	_, err := w.Credentials.Authenticate(ctx, second.SecretID, good.Token)
	wantError(t, err, models.CodeUnauthenticated, "call.credential_unknown")
	must(t, w.Credentials.Revoke(ctx, shopAdmin, row.ID))
	_, err = w.Credentials.Authenticate(ctx, good.SecretID, good.Token)
	wantError(t, err, models.CodeUnauthenticated, "call.credential_revoked")
	w.clock.advance(2 * time.Hour)
	_, err = w.Credentials.Authenticate(ctx, expiring.SecretID, expiring.Token)
	wantError(t, err, models.CodeUnauthenticated, "call.credential_expired")
}
