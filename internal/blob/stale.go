package blob

import (
	"io/fs"
	"time"
)

// staleAfter is how old a half-written file is before nobody writes it any more.
const staleAfter = 24 * time.Hour

// removeStale takes away what a crash left half-written.
func (l *Local) removeStale(name string, stat fs.FileInfo) error {
	if time.Since(stat.ModTime()) < staleAfter {
		return nil
	}
	return l.root.Remove(name)
}
