package main

import (
	"log/slog"
	"time"

	"envshare/internal/config"
	"envshare/internal/service"
)

// counted returns a logger that counts errors, and what the operator area shows of
// the programme: among it that count.
func counted(logger *slog.Logger, settings []config.Setting, dataDir string) (*slog.Logger, service.Installation) {
	errors := &service.ErrorCount{}
	seen := service.Installation{Version: version(), StartedAt: time.Now(), DataDir: dataDir, Errors: errors}
	for _, s := range settings {
		seen.Settings = append(seen.Settings, service.Setting{Name: s.Name, Value: s.Value, Source: s.Source, Help: s.Help})
	}
	return slog.New(errors.Counting(logger.Handler())), seen
}
