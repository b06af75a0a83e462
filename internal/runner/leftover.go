package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	leftoverStep = time.Second
	idleCPUShare = 0.3                   // of one core, that an idle worker may use between two looks
	clockTick    = 10 * time.Millisecond // unit of CPU time in /proc, the same on all machines that Go runs on
	tmpBytes     = 512 << 20             // on disk, in one worker's folder of temporary files
	tmpEntries   = 10_000                // files and folders in it, which also bounds the work of measuring
	tmpDepth     = 32
)

// usage is what a worker had used when it was looked at.
type usage struct {
	at  time.Time
	cpu time.Duration
}

// watchLeftovers ends workers in which code of ended invocations works on, and workers that keep too much in their
// temporary folder, until the runner closes.
func (r *Runner) watchLeftovers() {
	defer r.background.Done()

	ticker := time.NewTicker(leftoverStep)
	defer ticker.Stop()
	before := map[*worker]usage{}
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
		}
		now := map[*worker]usage{}
		for _, w := range r.serving() {
			now[w] = usage{time.Now(), cpuTime(w.pid)}
			if last, seen := before[w]; seen {
				r.endRestless(w, last, now[w])
			}
			if full(filepath.Join(w.dir, "tmp")) {
				r.endFull(w)
			}
		}
		before = now
	}
}

// serving lists the workers that have code of users in them.
func (r *Runner) serving() []*worker {
	r.mu.Lock()
	defer r.mu.Unlock()

	var list []*worker
	for w := range r.live {
		if w.pool != nil && !w.ended {
			list = append(list, w)
		}
	}
	return list
}

// endRestless ends w if it was idle between two looks and yet used much of a core.
func (r *Runner) endRestless(w *worker, last, now usage) {
	r.mu.Lock()
	defer r.mu.Unlock()

	idle := len(w.calls) == 0 && !w.loadedAt.IsZero() && w.lastUsed.Before(last.at)
	if idle && float64(now.cpu-last.cpu) > idleCPUShare*float64(now.at.Sub(last.at)) {
		r.end(w, fate{})
	}
}

func (r *Runner) endFull(w *worker) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.end(w, fate{StatusCrashed, fmt.Sprintf("The function kept more than %d MB or %d files in its temporary folder.", tmpBytes>>20, tmpEntries)})
}

// cpuTime reads how much processor time a process has used; zero when it has ended.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name of the process, in brackets, may hold anything. User and system time are fields 14 and 15.
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick
}

// diskBytes is the space that a file takes: a file with holes may be longer than that.
func diskBytes(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}

// full reports that a folder of temporary files holds more than a worker may keep. The worker may change the folder
// meanwhile, so nothing is followed out of it and no list is read whole.
func full(dir string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false // the worker has just ended
	}
	defer root.Close() //nolint:errcheck // opened for reading

	m := measure{root: root}
	m.add(".", 0)
	return m.over()
}

type measure struct {
	root    *os.Root
	bytes   int64
	entries int
	deep    bool
}

func (m *measure) over() bool { return m.bytes > tmpBytes || m.entries > tmpEntries || m.deep }

func (m *measure) add(name string, depth int) {
	if m.deep = m.deep || depth > tmpDepth; m.deep {
		return
	}
	folder, err := m.root.Open(name)
	if err != nil {
		return // gone, or closed by its owner
	}
	defer folder.Close() //nolint:errcheck // opened for reading

	for !m.over() {
		list, err := folder.ReadDir(256)
		for _, entry := range list {
			m.entries++
			if info, err := entry.Info(); err == nil {
				m.bytes += diskBytes(info)
			}
			if entry.IsDir() {
				m.add(filepath.Join(name, entry.Name()), depth+1)
			}
			if m.over() {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
