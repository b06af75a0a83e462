package admin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reasons for refusing a signature. They are wrapped with detail; tell them
// apart with errors.Is.
var (
	// ErrScheme says that Authorization is absent or of another scheme, such as Bearer.
	ErrScheme = errors.New("not signed with TC3-HMAC-SHA256")
	// ErrMalformed says that the signature's parts cannot be read or contradict each other.
	ErrMalformed = errors.New("malformed signature")
	// ErrSkew says that X-Timestamp is further than MaxSkew from the server's clock.
	ErrSkew = errors.New("timestamp outside the allowed window")
	// ErrDate says that the credential's date is not the UTC date of X-Timestamp.
	ErrDate = errors.New("credential date differs from the timestamp's date")
	// ErrUncovered says that something which must be signed is not listed as signed.
	ErrUncovered = errors.New("not covered by the signature")
	// ErrSignature says that the signature is not the one this request must have.
	ErrSignature = errors.New("signature does not match")
)

const (
	scheme = "TC3-HMAC-SHA256"
	// scope is what follows the date in a credential: the service and the fixed end.
	scope = "/tcb/tc3_request"

	maxAuthorization = 64 << 10 // bytes; 128 names of 128 percent-encoded bytes fit
	maxSignedNames   = 128      // names in SignedParams, and in SignedHeaders
	maxSecretID      = 128      // bytes
	signatureDigits  = 64       // hex digits of a SHA-256
)

// Authorization is the parsed Authorization header (admin protocol, section 3).
// The orders of SignedParams and SignedHeaders are the signer's and significant.
type Authorization struct {
	SecretID      string
	Date          string // YYYY-MM-DD
	SignedParams  []string
	SignedHeaders []string
	Signature     string // 64 lower-case hex digits
}

// ParseAuthorization reads the header strictly as the SDKs write it: one spelling
// only, so that nothing a proxy or log might read differently gets through.
// It returns ErrScheme or ErrMalformed.
func ParseAuthorization(header string) (Authorization, error) {
	rest, ok := strings.CutPrefix(header, scheme+" ")
	if !ok {
		return Authorization{}, ErrScheme
	}
	if len(header) > maxAuthorization {
		return Authorization{}, fmt.Errorf("%w: Authorization is longer than %d bytes", ErrMalformed, maxAuthorization)
	}
	fields := strings.SplitN(rest, ", ", 5)
	if len(fields) != 4 {
		return Authorization{}, fmt.Errorf("%w: Authorization must have four fields", ErrMalformed)
	}
	for i, label := range [...]string{"Credential=", "SignedParams=", "SignedHeaders=", "Signature="} {
		value, ok := strings.CutPrefix(fields[i], label)
		if !ok {
			return Authorization{}, fmt.Errorf("%w: field %d must be %s", ErrMalformed, i+1, label)
		}
		fields[i] = value
	}

	auth := Authorization{Signature: fields[3]}
	var err error
	if auth.SecretID, auth.Date, err = parseCredential(fields[0]); err != nil {
		return Authorization{}, err
	}
	if auth.SignedParams, err = parseNames("SignedParams", fields[1], isParamByte); err != nil {
		return Authorization{}, err
	}
	if auth.SignedHeaders, err = parseNames("SignedHeaders", fields[2], isHeaderByte); err != nil {
		return Authorization{}, err
	}
	if len(auth.Signature) != signatureDigits || !every(auth.Signature, isHexByte) {
		return Authorization{}, fmt.Errorf("%w: Signature must be %d lower-case hex digits", ErrMalformed, signatureDigits)
	}
	return auth, nil
}

// String renders the header; ParseAuthorization is its inverse.
func (a Authorization) String() string {
	return scheme + " Credential=" + a.SecretID + "/" + a.Date + scope +
		", SignedParams=" + strings.Join(a.SignedParams, ";") +
		", SignedHeaders=" + strings.Join(a.SignedHeaders, ";") +
		", Signature=" + a.Signature
}

func parseCredential(s string) (secretID, date string, err error) {
	s, ok := strings.CutSuffix(s, scope)
	if !ok {
		return "", "", fmt.Errorf("%w: credential scope must end in %s", ErrMalformed, scope)
	}
	secretID, date, ok = strings.Cut(s, "/")
	if !ok || secretID == "" || len(secretID) > maxSecretID || !every(secretID, isSecretIDByte) {
		return "", "", fmt.Errorf("%w: credential has no usable secret id", ErrMalformed)
	}
	if len(date) != len("2006-01-02") || !every(date, isDateByte) {
		return "", "", fmt.Errorf("%w: credential date must be YYYY-MM-DD", ErrMalformed)
	}
	return secretID, date, nil
}

func parseNames(label, list string, allowed func(byte) bool) ([]string, error) {
	if strings.Count(list, ";") >= maxSignedNames {
		return nil, fmt.Errorf("%w: %s lists more than %d names", ErrMalformed, label, maxSignedNames)
	}
	names := strings.Split(list, ";")
	for i, name := range names {
		if name == "" || !every(name, allowed) {
			return nil, fmt.Errorf("%w: %s lists an impossible name", ErrMalformed, label)
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("%w: %s lists %s twice", ErrMalformed, label, name)
		}
	}
	return names, nil
}

func every(s string, allowed func(byte) bool) bool {
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

func isHexByte(c byte) bool  { return isDigit(c) || 'a' <= c && c <= 'f' }
func isDateByte(c byte) bool { return isDigit(c) || c == '-' }

func isSecretIDByte(c byte) bool {
	return isDigit(c) || isLower(c) || isUpper(c) || c == '-' || c == '_' || c == '.'
}

// isHeaderByte allows what percent-encoding leaves of a lower-cased header name.
func isHeaderByte(c byte) bool {
	return isDigit(c) || isLower(c) || c == '-' || c == '_' || c == '.' || c == '~'
}

// isParamByte allows what percent-encoding leaves of, or makes from, any name.
func isParamByte(c byte) bool { return isHeaderByte(c) || c == '%' || 'A' <= c && c <= 'F' }
