package service

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"envshare/internal/runner"
	"envshare/internal/store"
	"envshare/models"
)

// Installation is what the operator sees of the programme itself.
type Installation struct {
	Version   string
	StartedAt time.Time
	// DataDir is the data folder, "" when it is not to be looked at.
	DataDir string
	// Errors counts what went wrong; nil when nobody counts.
	Errors *ErrorCount
	// Settings are the settings in force, secrets masked.
	Settings []Setting
}

// Setting is one setting in force.
type Setting struct {
	Name, Value string
	// Source is where the value comes from: flag, variable, file or default.
	Source string
	Help   string
}

// Health is how the installation is.
type Health struct {
	Installation
	Database store.Health
	// DocumentBytes is the size of the document database, -1 where it is part of
	// the database itself.
	DocumentBytes int64
	Files         store.Sum
	// DiskFree and DiskTotal are of the data folder, -1 when that is not known.
	DiskFree, DiskTotal int64
	// Workers is nil where no functions run.
	Workers    *runner.Stats
	GatewayURL string
	Go         string
	Now        time.Time
	// Errors is how many errors were logged in the last hour, -1 when nobody counts.
	ErrorsLastHour int
}

// Health asks every part how it is.
func (s *Operator) Health(ctx context.Context, actor models.Actor) (Health, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return Health{}, err
	}
	h := Health{Installation: s.installation, Go: runtime.Version(), Now: s.now(), DocumentBytes: -1, DiskFree: -1, DiskTotal: -1, ErrorsLastHour: -1}
	var err error
	if h.Database, err = s.store.Health(ctx); err != nil {
		return Health{}, err
	}
	if h.Files, err = s.store.Files.Total(ctx); err != nil {
		return Health{}, err
	}
	if h.GatewayURL, err = s.credentials.GatewayURL(ctx); err != nil {
		return Health{}, err
	}
	if s.runner != nil {
		stats := s.runner.Stats()
		h.Workers = &stats
	}
	if s.installation.Errors != nil {
		h.ErrorsLastHour = s.installation.Errors.LastHour(s.clock())
	}
	h.look(s.installation.DataDir)
	return h, nil
}

// look measures the data folder. What cannot be measured stays unknown.
func (h *Health) look(dir string) {
	if dir == "" {
		return
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err == nil {
		h.DiskFree, h.DiskTotal = int64(disk.Bavail)*disk.Bsize, int64(disk.Blocks)*disk.Bsize
	}
	for _, name := range []string{"documents.db", "documents.db-wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			h.DocumentBytes = max(h.DocumentBytes, 0) + info.Size()
		}
	}
}

// Settings returns the settings in force, secrets masked.
func (s *Operator) Settings(_ context.Context, actor models.Actor) ([]Setting, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return nil, err
	}
	return s.installation.Settings, nil
}
