// Package runner runs users' cloud functions in Node.js processes: it starts them, hands them invocations, limits
// their time and memory, collects their logs and ends them.
//
// It knows processes, frames and folders. It must not know users, permissions or routes: whoever calls it has decided
// that the call is allowed and composed the variables that the function sees.
//
// A process serves one version of one function. Its own user (when the server runs as root), Node.js's permission
// model, an allow-listed environment, a private folder and resource limits keep it from everything else; a process
// that misbehaves is killed with its whole group and replaced.
package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrClosed is returned by Invoke once Close was called, also to callers whose function Close had to kill.
var ErrClosed = errors.New("runner is closed")

// Config says how a Runner works. Zero values take the defaults named here.
type Config struct {
	// Node is the path or name of Node.js 20 or later; default "node".
	Node string
	// WorkDir is the private folder for worker folders, which are removed at start. One Runner uses it at a time.
	// As root it must be reachable for other users; when it is not, a folder under os.TempDir takes its place.
	WorkDir string
	// SDKDir holds the node_modules with wx-server-sdk; PrepareSDK returns it.
	SDKDir string
	// Spares is how many warm processes are kept for each memory size in use; default 1, negative for none.
	Spares int
	// MaxWorkers bounds the processes that serve versions; default 32. Calls made by functions may use up to twice
	// as many, so that they do not wait for their own callers. Calls from outside keep at most half of MaxWorkers busy
	// for one environment, so that none can lock out the others.
	MaxWorkers int
	// QueueWait bounds the time an invocation waits for a worker; default 10 s. The context's deadline bounds it too.
	QueueWait time.Duration
	// IdleTimeout ends a worker that had nothing to do for so long; default 5 minutes.
	IdleTimeout time.Duration
	// UIDBase is the first of the user ids that workers get when the server runs as root; default 210000.
	UIDBase int
	// ResultLimit bounds the JSON text of a result in bytes; default 1 MiB.
	ResultLimit int
	// LogLimit bounds the log of one invocation in bytes; default 256 KiB.
	LogLimit int
	// Logger gets what the operator should know; default slog.Default.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	def := func(value *int, to int) {
		if *value == 0 {
			*value = to
		}
	}
	def(&c.Spares, 1)
	def(&c.MaxWorkers, 32)
	def(&c.UIDBase, 210000)
	def(&c.ResultLimit, 1<<20)
	def(&c.LogLimit, 256<<10)
	if c.Node == "" {
		c.Node = "node"
	}
	if c.QueueWait == 0 {
		c.QueueWait = 10 * time.Second
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 5 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Runner owns the worker processes of one server.
type Runner struct {
	cfg        Config
	log        *slog.Logger
	node       node
	workDir    string
	sdkDir     string
	lock       *os.File // held on workDir
	slots      slots
	launcher   *launcher
	frameLimit int
	bootLimit  int
	cores      int
	stop       chan struct{}  // closed to end the watchdogs
	background sync.WaitGroup // goroutines that start processes, and the watchdogs

	mu            sync.Mutex
	live          map[*worker]bool // every process that is not yet gone
	pools         map[string]*pool
	spares        map[int][]*worker // by memory size, ready or starting
	sizes         map[int]bool      // memory sizes that spares are kept for
	spareStarting bool
	spareFailures int
	spareTimer    *time.Timer
	assigned      int // workers that serve a version, and reservations for those that start
	booting       int
	outside       map[string]int // by environment: starting workers, and those with a call from outside
	running       int            // invocations in workers
	queued        int
	scaleTimer    *time.Timer
	closed        bool // no new invocations
	killed        bool // no process may live
	quiet         chan struct{}
}

// New checks Node.js and the folders and starts warming spares. It returns before they are ready. The context bounds
// the checks only.
func New(ctx context.Context, cfg Config) (*Runner, error) {
	cfg = cfg.withDefaults()
	found, err := findNode(ctx, cfg.Node)
	if err != nil {
		return nil, err
	}
	sdkDir, err := filepath.Abs(cfg.SDKDir)
	if err != nil {
		return nil, fmt.Errorf("absolute path of SDK folder: %w", err)
	}
	if sdkDir, err = filepath.EvalSymlinks(sdkDir); err != nil {
		return nil, fmt.Errorf("find SDK folder: %w", err)
	}
	if closed := closedAncestor(sdkDir); os.Geteuid() == 0 && closed != "" {
		return nil, fmt.Errorf("workers run as users of their own and cannot read the SDK: folder %s is closed to others", closed)
	}
	workDir, lock, err := openWorkDir(cfg.WorkDir)
	if err != nil {
		return nil, err
	}
	r := &Runner{
		cfg: cfg, log: cfg.Logger, node: found, workDir: workDir, sdkDir: sdkDir, lock: lock,
		slots: slots{base: cfg.UIDBase}, launcher: newLauncher(),
		frameLimit: max(cfg.ResultLimit, 6*cfg.LogLimit) + 128<<10, // a log line may grow sixfold as JSON
		bootLimit:  runtime.NumCPU() + 2, cores: runtime.NumCPU(),
		stop: make(chan struct{}), quiet: make(chan struct{}),
		live: map[*worker]bool{}, pools: map[string]*pool{}, outside: map[string]int{}, spares: map[int][]*worker{},
		sizes: map[int]bool{DefaultMemoryMB: true},
	}
	r.background.Add(2)
	go r.watch()
	go r.watchLeftovers()
	r.mu.Lock()
	r.replenish()
	r.mu.Unlock()
	return r, nil
}

// openWorkDir makes and locks the folder for worker folders and removes those an earlier server left.
func openWorkDir(dir string) (string, *os.File, error) {
	if dir == "" {
		return "", nil, errors.New("the runner needs a folder to work in")
	}
	dir, err := reachable(dir)
	if err != nil {
		return "", nil, fmt.Errorf("make work folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", nil, fmt.Errorf("lock work folder: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		return "", nil, fmt.Errorf("work folder %s is in use by another server: %w", dir, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "worker-*"))
	for _, old := range left {
		err = errors.Join(err, removeTree(old))
	}
	if err != nil {
		_ = lock.Close()
		return "", nil, fmt.Errorf("empty work folder: %w", err)
	}
	return dir, lock, nil
}

// Stats returns the present counts.
func (r *Runner) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()

	s := Stats{Workers: r.assigned, Starting: r.booting, Queued: r.queued}
	for w := range r.live {
		if len(w.calls) > 0 {
			s.Busy++
		}
		if w.pool == nil && w.isReady && !w.ended {
			s.Spares++
		}
	}
	return s
}

// Retire ends the idle workers of a version now and its busy ones when they are done. A later Invoke of the version
// starts new ones.
func (r *Runner) Retire(versionID string) {
	r.mu.Lock()
	defer r.mu.Unlock()

	for _, p := range r.pools {
		if p.version.ID != versionID {
			continue
		}
		p.generation++
		for _, w := range append([]*worker{}, p.workers...) {
			r.retire(w)
		}
	}
	r.rebalance()
}

// Close refuses new invocations, waits for running ones until the context ends, and kills what is left.
// No process survives it. The error is the context's when something had to be killed.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	r.closed = true
	r.refuseWaiting()
	for w := range r.live {
		if len(w.calls) == 0 {
			r.end(w, fate{})
		}
	}
	if r.running == 0 {
		close(r.quiet)
	}
	r.mu.Unlock()

	var err error
	select {
	case <-r.quiet:
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.killAll()
	if own, statErr := os.Stat(r.cfg.WorkDir); statErr == nil {
		if used, statErr := os.Stat(r.workDir); statErr == nil && !os.SameFile(own, used) {
			_ = os.RemoveAll(r.workDir) // stood in for a folder that workers cannot reach
		}
	}
	return errors.Join(err, r.lock.Close())
}

// killAll ends every process and returns when all are gone.
func (r *Runner) killAll() {
	r.mu.Lock()
	r.killed = true
	for w := range r.live {
		for _, c := range w.calls {
			r.finish(c, Result{}, ErrClosed)
		}
		r.end(w, fate{})
	}
	r.stopTimers()
	r.mu.Unlock()

	close(r.stop)
	r.background.Wait() // whoever was starting a process has registered it by now
	for {
		r.mu.Lock()
		var left *worker
		for w := range r.live {
			left = w
			break
		}
		r.mu.Unlock()
		if left == nil {
			break
		}
		<-left.gone
	}
	close(r.launcher.starts)
}

func (r *Runner) stopTimers() {
	for _, timer := range []*time.Timer{r.scaleTimer, r.spareTimer} {
		if timer != nil {
			timer.Stop()
		}
	}
}
