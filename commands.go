package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"envshare/internal/config"
	"envshare/internal/service"
	"envshare/models"
)

// with runs f on the services of an installation that a server may be using at
// the same time.
func with(ctx context.Context, c config.Config, f func(*service.Services) error) error {
	records, keys, err := open(ctx, c)
	if err != nil {
		return err
	}
	documents, err := openDocuments(ctx, c)
	if err != nil {
		return errors.Join(err, records.Close())
	}
	blobs, err := openBlobs(ctx, c)
	if err != nil {
		return errors.Join(err, documents.Close(), records.Close())
	}
	services := service.New(service.Deps{
		Store: records, Documents: documents, Blobs: blobs, Keys: keys, FunctionsDir: functionsDir(c), TransfersDir: transfersDir(c), Logger: c.Logger(),
	})
	err = f(services)
	return errors.Join(err, services.Close(context.WithoutCancel(ctx)), documents.Close(), records.Close())
}

type applyCommand struct {
	File   string `short:"f" name:"file" required:"" placeholder:"FILE" type:"existingfile" help:"The file that declares the state."`
	DryRun bool   `name:"dry-run" help:"Show the plan and change nothing."`
}

// Run carries a manifest out and prints what was done.
func (a applyCommand) Run(ctx context.Context, c config.Config) error {
	file, err := os.Open(a.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	manifest, err := service.ParseManifest(file)
	if err != nil {
		return fmt.Errorf("%s: %w", a.File, err)
	}
	// What the manifest names lies in its folder: no link leads out of it.
	folder, err := os.OpenRoot(filepath.Dir(a.File))
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	return with(ctx, c, func(s *service.Services) error {
		steps, err := s.Manifests.Apply(ctx, models.SystemActor("apply"), manifest, service.ApplyOptions{
			Files: folder.FS(), Getenv: os.Getenv, DryRun: a.DryRun,
		})
		switch {
		case err == nil && a.DryRun:
			return printPlan(os.Stdout, steps, "Plan")
		case err == nil:
			return printPlan(os.Stdout, steps, "Applied")
		case len(steps) == 0 || a.DryRun:
			return err
		}
		return errors.Join(err, printPlan(os.Stdout, steps, "Stopped at an error after"))
	})
}

// printPlan writes one line a step and a closing line that begins with a verb.
func printPlan(w io.Writer, steps []service.Step, verb string) error {
	out := bufio.NewWriter(w)
	count := map[string]int{}
	for _, step := range steps {
		count[step.Op]++
		line := strings.TrimRight(fmt.Sprintf("%s %-11s %s  %s", step.Op, step.Kind, step.Subject, step.Detail), " ")
		if step.Op == "!" {
			line += " (left out)"
		}
		_, _ = fmt.Fprintln(out, line)
	}
	_, _ = fmt.Fprintf(out, "%s: %d created, %d changed, %d unchanged", verb, count["+"], count["~"], count["="])
	if n := count["!"]; n > 0 {
		_, _ = fmt.Fprintf(out, ", %d left out", n)
	}
	_, _ = fmt.Fprintln(out)
	return out.Flush()
}

type credentialsCommand struct {
	Issue  issueCommand  `cmd:"" help:"Print KEY=VALUE lines with which the server SDK works outside of functions."`
	Revoke revokeCommand `cmd:"" help:"End issued credentials at once."`
}

type issueCommand struct {
	App        string        `required:"" placeholder:"APPID" help:"The app that the code speaks for."`
	Env        string        `required:"" placeholder:"ENV" help:"An environment of the app; TCB_ENV names it."`
	TTL        time.Duration `name:"ttl" default:"720h" help:"How long the credentials work."`
	GatewayURL string        `name:"gateway-url" placeholder:"URL" help:"How the code reaches the gateway; default: as the server last said."`
}

// Run issues credentials and prints them.
func (i issueCommand) Run(ctx context.Context, c config.Config) error {
	return with(ctx, c, func(s *service.Services) error {
		gateway := i.GatewayURL
		if gateway == "" {
			var err error
			if gateway, err = s.Credentials.GatewayURL(ctx); err != nil {
				return err
			}
		}
		cred, row, err := s.Credentials.Issue(ctx, models.SystemActor("credentials issue"), i.App, i.Env, i.TTL)
		if err != nil {
			return err
		}
		endpoint, err := json.Marshal(map[string]string{"URL": strings.TrimRight(gateway, "/") + "/admin"})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "envshare: credential %s ends %s; revoke it with: envshare credentials revoke %s\n",
			row.ID, row.ExpiresAt.Format(time.RFC3339), row.ID)
		for _, line := range [][2]string{
			{"TCB_ENV", i.Env}, {"SCF_NAMESPACE", i.Env},
			{"TENCENTCLOUD_SECRETID", cred.SecretID}, {"TENCENTCLOUD_SECRETKEY", cred.SecretKey},
			{"TENCENTCLOUD_SESSIONTOKEN", cred.Token}, {"TENCENTCLOUD_RUNENV", "SCF"}, {"TENCENTCLOUD_REGION", service.Region},
			{"TCB_CONTEXT_CNFG", string(endpoint)}, {"WX_CONTEXT_KEYS", "WX_APPID"}, {"WX_APPID", i.App},
		} {
			fmt.Println(line[0] + "=" + line[1])
		}
		return nil
	})
}

type revokeCommand struct {
	ID string `arg:"" help:"Id of the credential, as printed when it was issued."`
}

// Run ends a credential.
func (r revokeCommand) Run(ctx context.Context, c config.Config) error {
	return with(ctx, c, func(s *service.Services) error {
		return s.Credentials.Revoke(ctx, models.SystemActor("credentials revoke"), r.ID)
	})
}

type userCommand struct {
	Create    createUserCommand `cmd:"" help:"Add a user. The password comes from standard input or a variable, never from the command line."`
	ResetTOTP resetTOTPCommand  `cmd:"" name:"reset-totp" help:"Take away the second factor of somebody who lost it, and end their sessions."`
}

type resetTOTPCommand struct {
	Username string `arg:"" help:"Whose second factor."`
}

// Run takes a second factor away.
func (r resetTOTPCommand) Run(ctx context.Context, c config.Config) error {
	return with(ctx, c, func(s *service.Services) error {
		err := s.Accounts.ResetSecondFactor(ctx, models.SystemActor("user reset-totp"), r.Username)
		if err == nil {
			fmt.Println("reset " + r.Username)
		}
		return err
	})
}

type createUserCommand struct {
	Username    string            `arg:"" help:"2 to 32 lower-case letters, digits, dots, hyphens, underscores."`
	Operator    bool              `help:"May register principals, apps and users."`
	Role        map[string]string `placeholder:"APPID=ROLE" help:"Role in an app: admin, developer or viewer. May be repeated."`
	PasswordEnv string            `name:"password-env" placeholder:"NAME" help:"Environment variable that holds the password; default: one line of standard input."`
}

// Run adds a user.
func (u createUserCommand) Run(ctx context.Context, c config.Config) error {
	password := os.Getenv(u.PasswordEnv)
	if u.PasswordEnv != "" && password == "" {
		return models.E(models.CodeInvalid, "error.password_env", "variable", u.PasswordEnv)
	}
	if u.PasswordEnv == "" {
		line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read password: %w", err)
		}
		password = strings.TrimRight(line, "\r\n")
	}
	roles := map[string]models.Role{}
	for app, name := range u.Role {
		role, err := models.ParseRole(name)
		if err != nil {
			return err
		}
		roles[app] = role
	}
	return with(ctx, c, func(s *service.Services) error {
		user, err := s.Accounts.CreateUser(ctx, models.SystemActor("user create"), u.Username, password, u.Operator, roles)
		if err == nil {
			fmt.Println("created " + user.Username)
		}
		return err
	})
}

type migrateCommand struct{}

// Run brings the database up to date.
func (migrateCommand) Run(ctx context.Context, c config.Config) error {
	records, _, err := open(ctx, c)
	if err != nil {
		return err
	}
	fmt.Println("the database is up to date")
	return records.Close()
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("envshare " + version())
	return nil
}

type configDocsCommand struct{}

// Run prints docs/config.md.
func (configDocsCommand) Run(k *kong.Kong) error { return config.WriteDocs(os.Stdout, k.Model) }
