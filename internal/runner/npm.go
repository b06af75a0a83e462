package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	npmTimeout   = 5 * time.Minute
	npmLastLines = 4 << 10 // bytes of npm's output that an error carries
)

// runNPM runs npm in dir without scripts, and without packages from anywhere but the registry that the operator has
// configured. The whole process group is killed when the context ends. The error carries npm's last lines.
func runNPM(ctx context.Context, dir string, args ...string) error {
	path, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("find npm: %w", err)
	}
	args = append(args, "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error",
		"--allow-git=none", "--allow-remote=none", "--allow-file=none", "--allow-directory=none")
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	// An npm that does not know the --allow flags still finds no git to run.
	cmd.Env = append(os.Environ(), "npm_config_git=false", "NO_COLOR=1", "GIT_TERMINAL_PROMPT=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = drainLimit
	output := &lastBytes{limit: npmLastLines}
	cmd.Stdout, cmd.Stderr = output, output

	err = cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("npm was stopped: %w", errors.Join(context.Cause(ctx), output.err()))
	}
	if err != nil {
		return fmt.Errorf("npm failed: %w", errors.Join(err, output.err()))
	}
	return nil
}
