package service

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"envshare/models"
)

// Manifest is the file of `envshare apply` (DESIGN.md section 6).
type Manifest struct {
	Principals []ManifestPrincipal `yaml:"principals"`
	Apps       []ManifestApp       `yaml:"apps"`
	Users      []ManifestUser      `yaml:"users"`
}

// ManifestPrincipal declares a principal.
type ManifestPrincipal struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

// ManifestApp declares an app with its environments and shares.
type ManifestApp struct {
	AppID        string                `yaml:"appid"`
	Name         string                `yaml:"name"`
	Type         string                `yaml:"type"`
	Principal    string                `yaml:"principal"`
	Secret       string                `yaml:"secret"`
	WebDomains   []string              `yaml:"web_domains"`
	Sharing      *bool                 `yaml:"sharing"`
	Environments []ManifestEnvironment `yaml:"environments"`
	Shares       []ManifestShare       `yaml:"shares"`
}

// ManifestEnvironment declares an environment. Functions is a folder with one
// folder per function, relative to the manifest.
type ManifestEnvironment struct {
	ID                    string                        `yaml:"id"`
	Name                  string                        `yaml:"name"`
	Functions             string                        `yaml:"functions"`
	UnauthenticatedAccess *bool                         `yaml:"unauthenticated_access"`
	AllowedOrigins        []string                      `yaml:"allowed_origins"`
	FunctionRules         map[string]any                `yaml:"function_rules"`
	Collections           map[string]ManifestCollection `yaml:"collections"`
	Storage               ManifestStorage               `yaml:"storage"`
}

// ManifestShare declares a share of the app that it stands under.
type ManifestShare struct {
	To           string          `yaml:"to"`
	Until        *time.Time      `yaml:"until"`
	Note         string          `yaml:"note"`
	Environments []ManifestGrant `yaml:"environments"`
}

// ManifestGrant declares the permissions on one environment; none named means
// all.
type ManifestGrant struct {
	ID          string    `yaml:"id"`
	Permissions *[]string `yaml:"permissions"`
}

// ManifestUser declares a user. The password comes from the environment variable
// that PasswordEnv names; it is set when the user is created and not changed
// afterwards.
type ManifestUser struct {
	Username    string            `yaml:"username"`
	PasswordEnv string            `yaml:"password_env"`
	Operator    *bool             `yaml:"operator"` // nil leaves an existing user's as it is
	Apps        map[string]string `yaml:"apps"`
}

// maxManifestBytes bounds a manifest.
const maxManifestBytes = 4 << 20

// ParseManifest reads a manifest. Unknown keys and wrong types are errors that
// name the line.
func ParseManifest(r io.Reader) (Manifest, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxManifestBytes+1))
	if err != nil {
		return Manifest{}, err
	}
	if len(data) > maxManifestBytes {
		return Manifest{}, fmt.Errorf("larger than %d MB", maxManifestBytes>>20)
	}
	var m Manifest
	if err := yaml.UnmarshalWithOptions(data, &m, yaml.Strict(), yaml.DisallowUnknownField(), yaml.CustomUnmarshaler(readTime)); err != nil {
		return Manifest{}, errors.New(oneLine(err))
	}
	return m, nil
}

// readTime reads a moment: a date, or date and time with a zone. The library
// would take anything else for the year 1.
func readTime(t *time.Time, text []byte) error {
	s := strings.Trim(strings.TrimSpace(string(text)), `'"`)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		parsed, err := time.Parse(layout, s)
		if err == nil {
			*t = parsed
			return nil
		}
	}
	return fmt.Errorf("time %q: want 2027-12-31T00:00:00Z, another zone as +08:00, or 2027-12-31 (UTC)", s)
}

var yamlPosition = regexp.MustCompile(`^\[(\d+):(\d+)\] `)

// oneLine returns a YAML error as "line 6, column 5: unknown field", without the
// source that the library shows below it.
func oneLine(err error) string {
	text, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
	return yamlPosition.ReplaceAllString(text, "line $1, column $2: ")
}

// input turns a declared share into what the sharing service takes.
func (s ManifestShare) input() (ShareInput, error) {
	in := ShareInput{GranteeAppID: s.To, Until: s.Until, Note: s.Note}
	for _, g := range s.Environments {
		permissions := models.AllPermissions
		if g.Permissions != nil {
			var err error
			if permissions, err = models.ParsePermissions(*g.Permissions); err != nil {
				return ShareInput{}, err
			}
		}
		in.Grants = append(in.Grants, models.Grant{EnvironmentID: g.ID, Permissions: permissions})
	}
	return in, nil
}
