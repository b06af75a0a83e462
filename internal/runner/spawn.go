package runner

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed worker.cjs
var workerScript []byte

const (
	startLimit = 30 * time.Second       // for a process to load the SDK
	endGrace   = 250 * time.Millisecond // between the end of the channel and the end of the process
	drainLimit = 2 * time.Second        // for reading what an ended process left in its pipes
)

// limitScript sets resource limits that Node.js has no flags for and becomes Node.js: no core files, 512 open files and
// sockets, files of at most 512 MB (in blocks of 512 bytes). It is a shell's work because Go has no hook between fork
// and exec, and from outside a container's root may not limit processes of other users.
const limitScript = `ulimit -c 0; ulimit -n 512; ulimit -f 1048576; exec "$0" "$@"`

// launcher starts processes from one operating-system thread that lives as long as the server. A child's death signal
// is tied to the thread that started it: from an ordinary goroutine it would come whenever Go ends that thread.
type launcher struct {
	starts chan startRequest
}

type startRequest struct {
	cmd  *exec.Cmd
	done chan error
}

func newLauncher() *launcher {
	l := &launcher{starts: make(chan startRequest)}
	go l.run()
	return l
}

func (l *launcher) run() {
	runtime.LockOSThread()
	for request := range l.starts {
		request.done <- request.cmd.Start()
	}
	runtime.UnlockOSThread()
}

func (l *launcher) start(cmd *exec.Cmd) error {
	request := startRequest{cmd, make(chan error, 1)}
	l.starts <- request
	return <-request.done
}

// spawn starts a process with the given memory size. It is registered as live and will be reaped, ready or not.
func (r *Runner) spawn(memoryMB int) (*worker, error) {
	taken, err := r.slots.take()
	if err != nil {
		return nil, err
	}
	dir, err := r.makeWorkerDir(taken)
	if err != nil {
		taken.release()
		return nil, err
	}
	w := &worker{
		dir: dir, slot: taken, memoryMB: memoryMB, calls: map[string]*call{}, abandoned: map[string]bool{},
		ready: make(chan struct{}), dead: make(chan struct{}), read: make(chan struct{}), gone: make(chan struct{}),
	}
	if err := r.startProcess(w); err != nil {
		taken.release()
		return nil, errors.Join(fmt.Errorf("start worker: %w", err), removeTree(dir))
	}
	r.mu.Lock()
	r.live[w] = true
	if r.killed {
		w.kill(fate{})
	}
	r.mu.Unlock()

	go r.readFrames(w)
	go r.reap(w)
	return w, nil
}

// makeWorkerDir makes a worker's private folder. Its user may read all of it and write to tmp.
func (r *Runner) makeWorkerDir(taken *slot) (string, error) {
	dir, err := os.MkdirTemp(r.workDir, "worker-")
	if err != nil {
		return "", fmt.Errorf("make worker folder: %w", err)
	}
	tmp, script := filepath.Join(dir, "tmp"), filepath.Join(dir, "worker.cjs")
	err = errors.Join(
		os.Mkdir(tmp, 0o700),
		os.WriteFile(script, workerScript, 0o600),
		os.Symlink(filepath.Join(r.sdkDir, "node_modules"), filepath.Join(dir, "node_modules")),
	)
	if taken != nil {
		err = errors.Join(err,
			os.Chown(dir, 0, taken.uid), os.Chmod(dir, 0o750),
			os.Chown(script, 0, taken.uid), os.Chmod(script, 0o640),
			os.Chown(tmp, taken.uid, taken.uid))
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("make worker folder: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}

// startProcess connects and starts the Node.js process of w.
func (r *Runner) startProcess(w *worker) error {
	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close() //nolint:errcheck // the child has its own
	printed, printing, err := os.Pipe()
	if err != nil {
		_ = ours.Close()
		return err
	}
	defer printing.Close() //nolint:errcheck // the child has its own

	w.cmd = r.command(w)
	w.cmd.Stdout, w.cmd.Stderr = printing, printing
	w.cmd.ExtraFiles = []*os.File{theirs}
	if err := r.launcher.start(w.cmd); err != nil {
		_, _ = ours.Close(), printed.Close()
		return err
	}
	w.pid, w.conn, w.output = w.cmd.Process.Pid, ours, newTail(printed)
	w.statm, _ = os.Open("/proc/" + strconv.Itoa(w.pid) + "/statm") // without it only V8's own limit guards memory
	return nil
}

// command is the node command line of w. Everything that the process sees of the outside is listed here.
func (r *Runner) command(w *worker) *exec.Cmd {
	tmp := filepath.Join(w.dir, "tmp")
	args := append([]string{"-c", limitScript, r.node.path}, r.node.permissionFlags...)
	args = append(args,
		"--allow-fs-read="+w.dir+"/",
		"--allow-fs-read="+filepath.Join(r.sdkDir, "node_modules")+"/",
		"--allow-fs-write="+tmp+"/",
		"--max-old-space-size="+strconv.Itoa(w.memoryMB),
		"--no-warnings",
		filepath.Join(w.dir, "worker.cjs"),
	)
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = w.dir
	cmd.Env = r.baseEnv(w)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if w.slot != nil {
		id := uint32(w.slot.uid)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: id, Gid: id, Groups: []uint32{}}
	}
	return cmd
}

// baseEnv is the whole environment of a worker at its start.
func (r *Runner) baseEnv(w *worker) []string {
	tmp := filepath.Join(w.dir, "tmp")
	return []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8",
		"TZ=UTC",
		"HOME=" + tmp,
		"TMPDIR=" + tmp,
		"TENCENTCLOUD_RUNENV=SCF", // without it every SDK call first tries a metadata host (admin protocol, section 15)
	}
}

// socketPair returns both ends of the channel to a worker.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket pair: %w", err)
	}
	mine, theirs := os.NewFile(uintptr(fds[0]), "runner"), os.NewFile(uintptr(fds[1]), "worker")
	conn, err := net.FileConn(mine)
	_ = mine.Close() // FileConn made its own copy
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("use socket pair: %w", err)
	}
	return conn, theirs, nil
}
