// A folder upload of a function may have as many files as a function may.
//
//go:debug multipartmaxparts=6000

// Command envshare is the console and gateway of EnvShare, and the commands that
// work beside them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"envshare/internal/config"
	"envshare/internal/service"
	"envshare/internal/store"
)

// commands is the command line.
type commands struct {
	config.Config
	ConfigFile config.File `name:"config" env:"ENVSHARE_CONFIG" placeholder:"FILE" help:"YAML file with the same names as the flags."`

	Serve       serveCommand       `cmd:"" help:"Run console and gateway."`
	Apply       applyCommand       `cmd:"" help:"Bring the installation to the state that a file declares."`
	Credentials credentialsCommand `cmd:"" help:"Credentials for the server SDK outside of functions."`
	User        userCommand        `cmd:"" help:"Users of the console."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database up to date."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
	ConfigDocs  configDocsCommand  `cmd:"" hidden:"" name:"config-docs" help:"Print docs/config.md."`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "envshare: "+explain(err))
		os.Exit(1)
	}
}

func run(args []string) error {
	// The data folder holds secrets: nobody else reads what is made here, unless
	// a file is opened up on purpose.
	unix.Umask(0o077)
	var c commands
	parser, err := kong.New(&c, kong.Name("envshare"), kong.UsageOnError(),
		kong.Description("A console and backend for WeChat-style cloud development, with environment sharing."))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	slog.SetDefault(c.Logger())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(c.Config, config.Effective(parsed))
}

// open opens the installation's records and secret, making both when they are
// new, and brings the tables up to date.
func open(ctx context.Context, c config.Config) (*store.Store, service.Keys, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, service.Keys{}, fmt.Errorf("data folder: %w", err)
	}
	keys, err := service.LoadKeys(c.Data)
	if err != nil {
		return nil, service.Keys{}, err
	}
	records, err := store.Open(ctx, store.Options{URL: c.Database, DataDir: c.Data})
	if err != nil {
		return nil, service.Keys{}, err
	}
	if _, err = records.Migrate(ctx); err == nil {
		err = keys.Check(ctx, records)
	}
	if err != nil {
		return nil, service.Keys{}, errors.Join(err, records.Close())
	}
	return records, keys, nil
}

// functionsDir holds the unpacked code of functions.
func functionsDir(c config.Config) string { return filepath.Join(c.Data, "functions") }

// version is the module's version, or the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return info.Main.Version + " (" + setting.Value + ")"
		}
	}
	return info.Main.Version
}
