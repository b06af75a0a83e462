package config

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Where a setting comes from.
const (
	SourceFlag     = "flag"
	SourceVariable = "variable"
	SourceFile     = "file"
	SourceDefault  = "default"
)

// Setting is one setting in force, as it may be shown: secrets are masked.
type Setting struct{ Name, Value, Source, Help string }

// masked stands for a secret that is set.
const masked = "••••••"

// secretName finds the settings whose whole value is a secret.
var secretName = regexp.MustCompile(`(^|-)(secret|password|token|key)s?($|-)`)

// Effective returns the settings that the chosen command runs with, in the order of
// their declaration.
func Effective(c *kong.Context) []Setting {
	given, resolved := map[string]bool{}, map[string]bool{}
	for _, step := range c.Path {
		switch {
		case step.Flag == nil:
		case step.Resolved:
			resolved[step.Flag.Name] = true
		default:
			given[step.Flag.Name] = true
		}
	}
	var out []Setting
	for _, flag := range c.Flags() {
		if flag.Name == "help" || flag.Hidden {
			continue
		}
		value := flagText(c.FlagValue(flag))
		s := Setting{Name: flag.Name, Value: Mask(flag.Name, value), Source: SourceDefault, Help: flag.Help}
		switch {
		case given[flag.Name]:
			s.Source = SourceFlag
		case slices.ContainsFunc(flag.Envs, isSet):
			s.Source = SourceVariable
		case resolved[flag.Name]:
			s.Source = SourceFile
		}
		out = append(out, s)
	}
	return out
}

func isSet(variable string) bool {
	_, set := os.LookupEnv(variable)
	return set
}

func flagText(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(value)
}

// Mask returns a setting's value as it may be shown: nothing of a secret, and of an
// address neither its password nor what follows its path.
func Mask(name, value string) string {
	if value == "" {
		return ""
	}
	if secretName.MatchString(name) {
		return masked
	}
	u, err := url.Parse(value)
	if err != nil && strings.Contains(value, "://") {
		return masked // an address that nobody can take apart may hold anything
	}
	if err != nil || u.Scheme == "" || u.Host == "" {
		return value
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), masked)
	}
	query := u.Query()
	for key := range query {
		if !shownParameters[key] {
			query.Set(key, masked)
		}
	}
	u.RawQuery = query.Encode()
	text, err := url.PathUnescape(u.String())
	if err != nil {
		return masked
	}
	return text
}

// shownParameters are the parameters of addresses that are no secrets.
var shownParameters = map[string]bool{
	"endpoint": true, "region": true, "prefix": true, "sslmode": true, "application_name": true, "connect_timeout": true, "pool_max_conns": true,
}
