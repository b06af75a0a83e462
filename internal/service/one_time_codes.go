package service

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"envshare/internal/store"
	"envshare/models"
)

// One-time codes as every authenticator app makes them (RFC 6238): SHA-1, six
// digits, a new one every 30 seconds. The clocks may differ by one step.
const (
	codeStep   = 30 * time.Second
	codeDigits = otp.DigitsSix
	secretSize = 20
)

// Enrolment is what an authenticator app needs to know.
type Enrolment struct {
	Secret string // base32, to be typed
	URL    string // otpauth://…, for the QR code
}

func enrolment(username string, secret []byte) (Enrolment, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "EnvShare", AccountName: username, Secret: secret, SecretSize: secretSize})
	if err != nil {
		return Enrolment{}, fmt.Errorf("one-time codes: %w", err)
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL()}, nil
}

// matchingStep returns the step whose code this is, as far as one is near now.
// All of them are compared, each in constant time.
func matchingStep(secret []byte, code string, now time.Time) (int64, bool, error) {
	e, err := enrolment("x", secret)
	if err != nil {
		return 0, false, err
	}
	step, found, ok := now.Unix()/int64(codeStep/time.Second), int64(0), false
	for _, at := range []int64{step - 1, step, step + 1} {
		want, err := hotp.GenerateCodeCustom(e.Secret, uint64(at), hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1}) // #nosec G115 -- the clock is past 1970
		if err != nil {
			return 0, false, fmt.Errorf("one-time codes: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found, ok = at, true
		}
	}
	return found, ok, nil
}

// The second factors as the audit log names them.
const (
	codeOneTime  = "one_time_code"
	codeRecovery = "recovery_code"
)

// errCodeWrong is a code that is wrong, too old, or was used before.
func errCodeWrong() error {
	f := models.Fields{}
	f.Add("code", "error.code_wrong")
	return f.Err()
}

// useCode takes a one-time or recovery code of a user, so that it works this once,
// and says which of the two it was. Call it in the transaction that it allows.
func (s *Accounts) useCode(ctx context.Context, tx *store.Store, userID, code string) (kind string, err error) {
	factor, err := tx.SecondFactor.ByUser(ctx, userID)
	if models.IsCode(err, models.CodeNotFound) || err == nil && !factor.On() {
		return "", errCodeWrong()
	}
	if err != nil {
		return "", err
	}
	code = models.PlainCode(code)
	if len(code) == recoveryLength {
		kind, err = codeRecovery, tx.SecondFactor.UseCode(ctx, userID, s.keys.recoveryDigest(userID, code))
	} else {
		kind, err = codeOneTime, s.useOneTimeCode(ctx, tx, factor, code)
	}
	if models.IsCode(err, models.CodeNotFound) {
		return "", errCodeWrong()
	}
	return kind, err
}

// useOneTimeCode returns not found when the code is wrong or was used.
func (s *Accounts) useOneTimeCode(ctx context.Context, tx *store.Store, factor models.SecondFactor, code string) error {
	secret, err := s.keys.openFactor(factor.UserID, factor.Secret)
	if err != nil {
		return fmt.Errorf("open second factor: %w", err)
	}
	step, ok, err := matchingStep(secret, code, s.now())
	if err != nil {
		return err
	}
	if !ok {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	return tx.SecondFactor.UseStep(ctx, factor.UserID, step)
}

// recoveryLength is how many letters and digits a recovery code has: 80 bits.
const recoveryLength = 16

// newRecoveryCodes makes a set of codes, as people see them, and their digests.
func (s *Accounts) newRecoveryCodes(userID string) (shown, digests []string) {
	for range models.RecoveryCodes {
		code := strings.ToLower(rand.Text())[:recoveryLength]
		shown = append(shown, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
		digests = append(digests, s.keys.recoveryDigest(userID, code))
	}
	return shown, digests
}

// recoveryDigest is what is kept of a recovery code. It needs the installation's
// secret, so that a copy of the database does not help to find the code.
func (k Keys) recoveryDigest(userID, code string) string {
	mac := hmac.New(sha256.New, k.recovery)
	mac.Write([]byte(userID))
	mac.Write([]byte{0})
	mac.Write([]byte(code))
	return hex.EncodeToString(mac.Sum(nil))
}

// sealFactor encrypts the secret of a user's one-time codes for the database.
func (k Keys) sealFactor(userID string, secret []byte) []byte {
	return k.accounts.Seal(nil, nil, secret, []byte("second factor "+userID))
}

func (k Keys) openFactor(userID string, sealed []byte) ([]byte, error) {
	return k.accounts.Open(nil, nil, sealed, []byte("second factor "+userID))
}
