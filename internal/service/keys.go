package service

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"envshare/internal/store"
)

// Keys is the installation's secret in its uses: sealing tokens and app secrets,
// and deriving the secret keys of credentials. Several nodes on one database
// must have the same.
type Keys struct {
	tokens   cipher.AEAD
	secrets  cipher.AEAD
	accounts cipher.AEAD
	derive   []byte
	recovery []byte
}

const keySize = 32

// LoadKeys reads the secret from dir/secret.key, or makes it with mode 0600 when
// there is none. Two processes that start at once agree on one.
func LoadKeys(dir string) (Keys, error) {
	path := filepath.Join(dir, "secret.key")
	master, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if master, err = makeKey(path); errors.Is(err, fs.ErrExist) {
			master, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return Keys{}, fmt.Errorf("secret key: %w", err)
	}
	if len(master) != keySize {
		return Keys{}, fmt.Errorf("secret key: %s holds %d bytes instead of %d", path, len(master), keySize)
	}
	return NewKeys(master)
}

// makeKey writes a new key beside path and links it into place, so that nobody
// ever reads half a key and an existing one is never replaced.
func makeKey(path string) ([]byte, error) {
	master := make([]byte, keySize)
	if _, err := rand.Read(master); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "secret.key-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(master)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return nil, err
	}
	return master, os.Link(tmp.Name(), path)
}

// NewKeys derives all keys from a master key of 32 bytes.
func NewKeys(master []byte) (Keys, error) {
	sub := func(use string) ([]byte, error) { return hkdf.Key(sha256.New, master, nil, "envshare "+use, keySize) }
	aead := func(use string) (cipher.AEAD, error) {
		key, err := sub(use)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCMWithRandomNonce(block)
	}
	var k Keys
	var err error
	if k.tokens, err = aead("tokens"); err != nil {
		return Keys{}, err
	}
	if k.secrets, err = aead("app secrets"); err != nil {
		return Keys{}, err
	}
	if k.accounts, err = aead("accounts"); err != nil {
		return Keys{}, err
	}
	if k.recovery, err = sub("recovery codes"); err != nil {
		return Keys{}, err
	}
	k.derive, err = sub("credential keys")
	return k, err
}

// seal encrypts a token so that only this installation can read or make it.
func (k Keys) seal(plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(k.tokens.Seal(nil, nil, plain, nil))
}

// open decrypts a token, or fails for one that was not made here.
func (k Keys) open(token string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, err
	}
	return k.tokens.Open(nil, nil, sealed, nil)
}

// sealSecret encrypts an app's secret for the database, bound to the AppID.
func (k Keys) sealSecret(appID, secret string) []byte {
	return k.secrets.Seal(nil, nil, []byte(secret), []byte(appID))
}

// openSecret decrypts an app's secret.
func (k Keys) openSecret(appID string, sealed []byte) (string, error) {
	plain, err := k.secrets.Open(nil, nil, sealed, []byte(appID))
	return string(plain), err
}

// secretKey derives the secret key that belongs to a secret id and the token
// that came with it.
func (k Keys) secretKey(secretID, token string) string {
	mac := hmac.New(sha256.New, k.derive)
	mac.Write([]byte(secretID))
	mac.Write([]byte{0})
	mac.Write([]byte(token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// keySetting holds what shows that a database and a secret belong together.
const keySetting = "secret_key_check"

// Check refuses a secret that is not the one with which the records were begun:
// with another, sealed secrets and issued credentials could never be opened
// again, and nobody would notice. The command that opens the records calls it.
func (k Keys) Check(ctx context.Context, s *store.Store) error {
	want := k.secretKey("check", "")
	stored, err := s.Settings.Get(ctx, keySetting)
	switch {
	case err != nil:
		return err
	case stored == "":
		return s.Settings.Set(ctx, keySetting, want)
	case stored != want:
		return errors.New("secret.key is not the one that this database was begun with; put the right file back")
	}
	return nil
}
