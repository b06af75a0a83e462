package service

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"

	"envshare/models"
)

// FileChange says what became of a file.
type FileChange string

// The changes.
const (
	FileAdded   FileChange = "added"
	FileEdited  FileChange = "edited"
	FileRemoved FileChange = "removed"
)

// FileDiff is what became of a file between two states of a function's code.
type FileDiff struct {
	Path           string
	Kind           FileChange
	Before, After  int // bytes
	Added, Removed int // lines
	Hunks          []DiffHunk
	// Why there are no hunks: it is no text, or there is too much to show.
	Binary, TooLarge bool
}

// DiffHunk is a run of lines with a change in it.
type DiffHunk struct{ Lines []DiffLine }

// DiffLine is a line that stayed, came or went, with its number in the state
// before and after, 0 for none.
type DiffLine struct {
	Before, After int
	Text          string
}

const (
	maxDiffFile  = 512 << 10 // bytes of a file that is compared line by line
	maxDiffLines = 5000      // lines that are shown of all files together
	diffContext  = 3
)

// Compare returns what changed between two versions of a function, by path. Needs
// functions.view.
func (s *Functions) Compare(ctx context.Context, actor models.Actor, appID, env, name string, from, to int) ([]FileDiff, error) {
	f, err := s.Get(ctx, actor, appID, env, name)
	if err != nil {
		return nil, err
	}
	before, err := s.filesOf(ctx, f, from)
	if err != nil {
		return nil, err
	}
	after, err := s.filesOf(ctx, f, to)
	if err != nil {
		return nil, err
	}
	return compare(before, after), nil
}

// CompareDraft returns what deploying a working copy would change of the version
// that runs. Needs functions.view.
func (s *Functions) CompareDraft(ctx context.Context, actor models.Actor, appID, env string, w WorkingCopy) ([]FileDiff, error) {
	f, err := s.Get(ctx, actor, appID, env, w.Function.Name)
	if err != nil {
		return nil, err
	}
	running, err := s.filesOf(ctx, f, f.ActiveVersion)
	if err != nil {
		return nil, err
	}
	return compare(running, w.present()), nil
}

func (s *Functions) filesOf(ctx context.Context, f models.Function, version int) ([]SourceFile, error) {
	archive, err := s.store.Functions.SourceOf(ctx, f.ID, version)
	if err != nil {
		return nil, err
	}
	return readZip(archive, maxSourceBytes, maxSourceFiles)
}

// compare returns the files that differ, by path.
func compare(before, after []SourceFile) []FileDiff {
	was, is := map[string][]byte{}, map[string][]byte{}
	var names []string
	for _, f := range before {
		was[f.Path] = f.Data
		names = append(names, f.Path)
	}
	for _, f := range after {
		is[f.Path] = f.Data
		if _, had := was[f.Path]; !had {
			names = append(names, f.Path)
		}
	}
	slices.Sort(names)
	var out []FileDiff
	left := maxDiffLines
	for _, name := range names {
		old, had := was[name]
		now, has := is[name]
		if had && has && bytes.Equal(old, now) {
			continue
		}
		d := FileDiff{Path: name, Kind: FileEdited, Before: len(old), After: len(now)}
		switch {
		case !had:
			d.Kind = FileAdded
		case !has:
			d.Kind = FileRemoved
		}
		d.fill(old, now, &left)
		out = append(out, d)
	}
	return out
}

// fill adds the lines that differ, while there is room for them.
func (d *FileDiff) fill(old, now []byte, left *int) {
	if !IsText(old) || !IsText(now) {
		d.Binary = true
		return
	}
	if len(old) > maxDiffFile || len(now) > maxDiffFile {
		d.TooLarge = true
		return
	}
	before, after := string(old), string(now)
	unified, err := udiff.ToUnifiedDiff(d.Path, d.Path, before, udiff.Lines(before, after), diffContext)
	if err != nil {
		d.TooLarge = true // the library could not make sense of it
		return
	}
	lines := 0
	for _, h := range unified.Hunks {
		hunk := numbered(h.FromLine, h.ToLine, h.Lines)
		lines += len(hunk.Lines)
		for _, l := range hunk.Lines {
			switch {
			case l.Before == 0:
				d.Added++
			case l.After == 0:
				d.Removed++
			}
		}
		d.Hunks = append(d.Hunks, hunk)
	}
	if lines > *left {
		d.Hunks, d.TooLarge = nil, true
		return
	}
	*left -= lines
}

func numbered(from, to int, lines []udiff.Line) DiffHunk {
	var h DiffHunk
	for _, l := range lines {
		line := DiffLine{Text: strings.TrimRight(l.Content, "\r\n")}
		if l.Kind != udiff.Insert {
			line.Before = from
			from++
		}
		if l.Kind != udiff.Delete {
			line.After = to
			to++
		}
		h.Lines = append(h.Lines, line)
	}
	return h
}

// IsText reports whether a file is text that can be shown and edited.
func IsText(data []byte) bool { return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 }
