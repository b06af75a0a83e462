package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// File is the path of a YAML file with settings: the flags' names as keys. A key
// that is no flag is an error.
type File string

// BeforeResolve makes the file's settings the defaults of the flags.
func (f File) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	path, ok := ctx.FlagValue(trace.Flag).(File)
	if !ok || path == "" {
		return nil
	}
	data, err := os.ReadFile(kong.ExpandPath(string(path)))
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(data, &values); err != nil {
		return fmt.Errorf("config: %s: %w", path, err)
	}
	known := flagNames(k.Model.Node)
	for key := range values {
		if !known[key] {
			return fmt.Errorf("config: %s: unknown setting %q", path, key)
		}
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil // a variable goes before the file
			}
		}
		return values[flag.Name], nil
	}))
	return nil
}

// flagNames collects the names of all flags of a command and those below it.
func flagNames(n *kong.Node) map[string]bool {
	names := map[string]bool{}
	for _, flag := range n.Flags {
		if !strings.HasPrefix(flag.Name, "help") && flag.Name != "config" {
			names[flag.Name] = true
		}
	}
	for _, child := range n.Children {
		for name := range flagNames(child) {
			names[name] = true
		}
	}
	return names
}
