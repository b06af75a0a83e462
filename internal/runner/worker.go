package runner

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// worker is one Node.js process: first a warm spare, then the worker of one pool for the rest of its life.
// Fields below the blank line are guarded by Runner.mu.
type worker struct {
	cmd      *exec.Cmd
	pid      int
	dir      string
	slot     *slot
	memoryMB int
	conn     net.Conn
	statm    *os.File // kept open: reading memory use must cost little
	output   *tail    // what was written to the raw descriptors 1 and 2
	write    sync.Mutex

	ready chan struct{} // closed when the SDK is loaded
	dead  chan struct{} // closed when the process has ended
	read  chan struct{} // closed when everything it said was handled
	gone  chan struct{} // closed when nothing of it is left

	isReady     bool
	pool        *pool // nil for a spare
	counted     bool  // in Runner.assigned
	loading     *call // the pseudo invocation that stands for loading the code
	calls       map[string]*call
	outside     int // calls at depth 0 among them
	served      int
	abandoned   map[string]bool // timed out, but others keep the process alive
	retiring    bool            // takes no further invocations
	retireAsked bool            // it asked for that itself, which it may do once
	ended       bool            // killed or found dead
	reaped      bool            // the process id may belong to somebody else from now on
	fate        fate
	loadedAt    time.Time
	lastUsed    time.Time
}

// fate is why a worker was killed, as its running invocations will tell it.
type fate struct {
	status Status
	text   string
}

// kill ends the whole process group, once; mu is held.
func (w *worker) kill(f fate) {
	if w.ended || w.reaped {
		return
	}
	w.ended = true
	w.fate = f
	_ = unix.Kill(-w.pid, unix.SIGKILL)
}

// send writes a frame. It may wait while the worker does not read; the deadline of what is sent ends that by killing it.
func (w *worker) send(frame []byte) error {
	w.write.Lock()
	defer w.write.Unlock()

	_, err := w.conn.Write(frame)
	return err
}

// readFrames hands everything the worker says to the runner until the channel closes or what it says makes no sense.
func (r *Runner) readFrames(w *worker) {
	defer close(w.read)

	in := bufio.NewReaderSize(w.conn, 32*1024)
	for {
		frame, err := readFrame(in, r.frameLimit)
		if err == nil {
			err = r.handle(w, frame)
		}
		if err == nil {
			continue
		}
		if closedByPeer(err) {
			select {
			case <-w.dead:
				return // how it ended says why
			case <-time.After(endGrace):
			}
		}
		r.mu.Lock()
		w.kill(fate{StatusCrashed, "The function broke the channel between its process and the server (file descriptor 3)."})
		r.mu.Unlock()
		return
	}
}

// closedByPeer reports that reading failed because the worker's end is closed, as it is when the process ends.
func closedByPeer(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op)
}

// reap waits for the process to end, takes apart what belongs to it, and settles what it was doing.
func (r *Runner) reap(w *worker) {
	waitEnd(w.pid)
	close(w.dead)
	_ = unix.Kill(-w.pid, unix.SIGKILL) // the id cannot be reused yet: the process is not reaped

	select {
	case <-w.read:
	case <-time.After(drainLimit):
	}
	_ = w.conn.Close()
	<-w.read
	w.output.wait(drainLimit)

	r.mu.Lock()
	w.reaped = true
	r.mu.Unlock()
	_ = w.cmd.Wait() // the state says it all
	if w.statm != nil {
		_ = w.statm.Close()
	}
	if err := removeTree(w.dir); err != nil {
		r.log.Error("remove worker folder", "dir", w.dir, "error", err)
	}
	w.slot.release()

	r.mu.Lock()
	r.buried(w)
	r.mu.Unlock()
	close(w.gone)
}

// waitEnd returns when the process has ended, and leaves it to be reaped.
func waitEnd(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// verdict says what the end of its process means to a function that was running in it.
func (w *worker) verdict() fate {
	state, _ := w.cmd.ProcessState.Sys().(syscall.WaitStatus)
	printed := w.output.String()
	said := lastWords(printed, w.dir)
	switch {
	case strings.Contains(printed, "heap out of memory") || strings.Contains(printed, "JavaScript invalid size error"):
		return fate{StatusOutOfMemory, outOfMemoryText(w.memoryMB)}
	case w.fate.status != "" && (!state.Exited() || w.fate.status != StatusCrashed):
		return w.fate
	case state.Exited():
		return fate{StatusExited, "The function's process ended with exit code " + strconv.Itoa(state.ExitStatus()) + "." + said}
	}
	return fate{StatusCrashed, "The function's process was ended by " + unix.SignalName(state.Signal()) + "." + said}
}

func outOfMemoryText(memoryMB int) string {
	return "The function used more than its " + strconv.Itoa(memoryMB) + " MB of memory."
}

// lastWords is what the process wrote to its raw output, without what an author cannot know: the server's folders and
// the script that runs the function.
func lastWords(printed, dir string) string {
	const limit = 2 << 10
	var kept strings.Builder
	for line := range strings.Lines(printed) {
		if !strings.Contains(line, "worker.cjs") {
			kept.WriteString(strings.ReplaceAll(line, dir+"/code/", ""))
		}
	}
	text := strings.TrimSpace(kept.String())
	if text == "" {
		return ""
	}
	if len(text) > limit {
		text = "…" + text[len(text)-limit:]
	}
	return "\n" + strings.ToValidUTF8(text, "")
}

// residentBytes reads the memory that the process holds at the moment; zero when it has ended.
func (w *worker) residentBytes() int64 {
	if w.statm == nil {
		return 0
	}
	var buf [128]byte
	n, err := w.statm.ReadAt(buf[:], 0)
	if n == 0 && err != nil {
		return 0
	}
	fields := strings.Fields(string(buf[:n]))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
