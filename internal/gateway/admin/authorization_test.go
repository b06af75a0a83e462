package admin

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleAuthorization = "TC3-HMAC-SHA256 Credential=AKIDexample/2026-11-22/tcb/tc3_request, SignedParams=action;envname, " +
	"SignedHeaders=content-type;host, Signature=32a6a863469582db9fe7081e5c4127cae9388347f0ce5cc444c81b528c586dbe"

func TestParseAuthorization(t *testing.T) {
	got, err := ParseAuthorization(sampleAuthorization)
	if err != nil {
		t.Fatal(err)
	}
	want := Authorization{
		SecretID:      "AKIDexample",
		Date:          "2026-11-22",
		SignedParams:  []string{"action", "envname"},
		SignedHeaders: []string{"content-type", "host"},
		Signature:     "32a6a863469582db9fe7081e5c4127cae9388347f0ce5cc444c81b528c586dbe",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.String() != sampleAuthorization {
		t.Errorf("rendered as %s", got)
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	names := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("p%d", i)
		}
		return strings.Join(list, ";")
	}
	for _, tt := range []struct {
		name, old, with string
		want            error
	}{
		{"nothing", sampleAuthorization, "", ErrScheme},
		{"another scheme", "TC3-HMAC-SHA256", "Bearer", ErrScheme},
		{"lower-case scheme", "TC3", "tc3", ErrScheme},
		{"scheme alone", sampleAuthorization, "TC3-HMAC-SHA256 ", ErrMalformed},
		{"another service", "/tcb/", "/scf/", ErrMalformed},
		{"another end", "tc3_request", "tc4_request", ErrMalformed},
		{"no secret id", "AKIDexample", "", ErrMalformed},
		{"secret id with a slash", "AKIDexample", "AKID/example", ErrMalformed},
		{"secret id with a line feed", "AKIDexample", "AKID\nexample", ErrMalformed},
		{"secret id too long", "AKIDexample", strings.Repeat("a", 129), ErrMalformed},
		{"short date", "2026-11-22", "2026-1-22", ErrMalformed},
		{"date of letters", "2026-11-22", "2026-ab-cd", ErrMalformed},
		{"no SignedParams", "SignedParams=action;envname, ", "", ErrMalformed},
		{"empty SignedParams", "action;envname", "", ErrMalformed},
		{"empty name", "action;envname", "action;;envname", ErrMalformed},
		{"upper-case name", "envname", "envName", ErrMalformed},
		{"parameter twice", "action;envname", "action;action", ErrMalformed},
		{"too many parameters", "action;envname", names(129), ErrMalformed},
		{"header twice", "content-type;host", "host;host", ErrMalformed},
		{"impossible header name", "content-type;host", "content type;host", ErrMalformed},
		{"upper-case signature", "32a6a8", "32A6A8", ErrMalformed},
		{"short signature", "32a6a8", "32a6a", ErrMalformed},
		{"something after the signature", "586dbe", "586dbe, x=y", ErrMalformed},
		{"other order", "SignedParams=action;envname, SignedHeaders=content-type;host", "SignedHeaders=content-type;host, SignedParams=action;envname", ErrMalformed},
		{"other separator", ", SignedHeaders", ",SignedHeaders", ErrMalformed},
		{"endless", "AKIDexample", strings.Repeat("a", maxAuthorization), ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := strings.Replace(sampleAuthorization, tt.old, tt.with, 1)
			if header == sampleAuthorization {
				t.Fatal("nothing was changed")
			}
			if _, err := ParseAuthorization(header); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := ParseAuthorization(strings.Replace(sampleAuthorization, "action;envname", names(128), 1)); err != nil {
		t.Errorf("128 parameters: %v", err)
	}
}
