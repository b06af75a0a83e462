package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	npmTimeout   = 5 * time.Minute
	npmLastLines = 4 << 10 // bytes of npm's output that an error carries
)

// npmVariables are those of the server's environment that npm gets, besides all that begin with npm_config_: where to
// find programmes and the registry. The server's own secrets are none of its business.
var npmVariables = []string{
	"PATH", "HOME", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS",
}

func npmEnv(environ []string) []string {
	var env []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(npmVariables, strings.ToUpper(name)) || strings.HasPrefix(strings.ToLower(name), "npm_config_") {
			env = append(env, pair)
		}
	}
	// An npm that does not know the --allow flags still finds no git to run.
	return append(env, "npm_config_git=false", "NO_COLOR=1")
}

// runNPM runs npm in dir without scripts, and without packages from anywhere but the registry that the operator has
// configured. The whole process group is killed when the context ends. With an error come npm's last lines, which may
// hold addresses and paths.
func runNPM(ctx context.Context, dir string, args ...string) (string, error) {
	path, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("find npm: %w", err)
	}
	args = append(args, "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error",
		"--allow-git=none", "--allow-remote=none", "--allow-file=none", "--allow-directory=none")
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = npmEnv(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = drainLimit
	output := &lastBytes{limit: npmLastLines}
	cmd.Stdout, cmd.Stderr = output, output

	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return output.String(), fmt.Errorf("npm was stopped: %w", context.Cause(ctx))
	case errors.As(err, &exit):
		return output.String(), fmt.Errorf("npm failed: %w", err)
	case err != nil:
		return "", errors.New("npm cannot be started")
	}
	return "", nil
}
