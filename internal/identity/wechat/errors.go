package wechat

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"envshare/models"
)

// WeChat's numbers that something here turns on.
const (
	codeBadCode       = 40029
	codeSecretMissing = 41004
)

// staleToken are the numbers with which WeChat refuses an access token: it was
// replaced, is not one, has expired.
var staleToken = map[int64]bool{40001: true, 40014: true, 42001: true}

// meaning is what a number of WeChat's is for us.
type meaning struct {
	code models.Code
	key  string
}

// meanings lists the numbers that somebody can do something about.
var meanings = func() map[int64]meaning {
	table := map[int64]meaning{}
	for _, row := range []struct {
		meaning
		numbers []int64
	}{
		// The code of a login is wrong, used, expired, or missing.
		{meaning{models.CodeInvalid, "wechat.code_refused"}, []int64{codeBadCode, 40163, 41008, 42003}},
		// AppID or AppSecret is wrong, missing, or frozen.
		{meaning{models.CodeUnavailable, "wechat.app_secret"}, []int64{40001, 40013, 40125, 40243, 41002, codeSecretMissing}},
		{meaning{models.CodeUnavailable, "wechat.address_refused"}, []int64{40164, 61004}},
		{meaning{models.CodeUnavailable, "wechat.not_entitled"}, []int64{48001}},
		{meaning{models.CodeForbidden, "wechat.user_blocked"}, []int64{40226}},
		{meaning{models.CodeLimited, "wechat.limited"}, []int64{45009, 45011}},
		{meaning{models.CodeUnavailable, "wechat.busy"}, []int64{-1}},
	} {
		for _, n := range row.numbers {
			table[n] = row.meaning
		}
	}
	return table
}()

// refusal is WeChat's own number and text, for the log.
type refusal struct {
	number int64
	text   string
}

// Error implements the error interface.
func (r *refusal) Error() string { return fmt.Sprintf("errcode %d %q", r.number, r.text) }

// maxText bounds what is kept of WeChat's text, in bytes.
const maxText = 200

// plain is what WeChat's texts are made of. None of the characters with which an
// encoding would disguise a secret is among them.
var plain = regexp.MustCompile(`^[A-Za-z0-9 .,:;_'()/-]*$`)

// textForLog returns WeChat's text unless it repeats a secret of the request.
func textForLog(r request, text string) string {
	for _, secret := range []string{r.secret, r.query.Get("access_token")} {
		if secret != "" && strings.Contains(text, secret) {
			return "(withheld)"
		}
	}
	if !plain.MatchString(text) {
		return "(withheld)"
	}
	return text[:min(len(text), maxText)]
}

// refused makes the error of an answer that refuses. The number is told to
// people only where nothing better is known; the text, only to the log.
func refused(r request, a answer) error {
	cause := r.failed(&refusal{a.ErrCode, textForLog(r, a.ErrMsg)})
	m, ok := meanings[a.ErrCode]
	if !ok {
		return models.E(models.CodeUnavailable, "wechat.refused", "app", r.appID, "number", a.ErrCode).Wrap(cause)
	}
	return models.E(m.code, m.key, "app", r.appID).Wrap(cause)
}

// unreadable makes the error of an answer that is not one of WeChat's.
func unreadable(r request, why string) error {
	return models.E(models.CodeUnavailable, "wechat.unreadable").Wrap(r.failed(errors.New(why)))
}

// failed says which request met an error.
func (r request) failed(err error) error {
	return fmt.Errorf("ask WeChat %s for %s: %w", r.path, r.appID, err)
}

// isStale reports whether err says that an access token is good no more.
func isStale(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && staleToken[r.number]
}
