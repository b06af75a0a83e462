package models

import (
	"path"
	"strings"
	"time"
)

// TransferKind says which way documents go.
type TransferKind string

// The kinds of a transfer.
const (
	TransferImport TransferKind = "import"
	TransferExport TransferKind = "export"
)

// TransferStatus says how far a transfer is.
type TransferStatus string

// A transfer waits, runs, and ends in one of three ways. One that a stopped
// server left running goes on when the server starts again.
const (
	TransferWaiting   TransferStatus = "waiting"
	TransferRunning   TransferStatus = "running"
	TransferDone      TransferStatus = "done"
	TransferFailed    TransferStatus = "failed"
	TransferCancelled TransferStatus = "cancelled"
)

// ImportMode says what an import does with an _id that exists.
type ImportMode string

// The modes of an import: a document that exists is an error, or is replaced.
const (
	ImportInsert ImportMode = "insert"
	ImportUpsert ImportMode = "upsert"
)

// TransferError is one document that an import could not take.
type TransferError struct {
	Line int            `json:"line"`
	Key  string         `json:"key"`
	Args map[string]any `json:"args,omitempty"`
}

// Transfer is an import or export of a collection, which runs in the background.
type Transfer struct {
	ID            string `gorm:"primaryKey"`
	EnvironmentID string
	AppID         string // through whose console it was begun
	Collection    string
	Kind          TransferKind
	Format        string // json or csv
	Mode          ImportMode
	StopOnError   bool
	Filter        string   // of an export, as extended JSON
	Fields        []string `gorm:"serializer:json"`
	FileName      string
	Bytes         int64 // size of the file
	BytesDone     int64
	Total         int64           // documents that an export will have, as counted when it began
	Documents     int64           // documents dealt with
	Failed        int64           // of them, those that an import could not take
	Errors        []TransferError `gorm:"serializer:json"`
	Status        TransferStatus
	Resumed       bool // somebody let it go on after it had ended
	ActorID       string
	ActorName     string
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Ended reports whether nothing will happen to the transfer any more.
func (t Transfer) Ended() bool { return t.Status != TransferWaiting && t.Status != TransferRunning }

// Percent is how far a transfer is, and whether that is known. Only one that has
// ended well is at 100.
func (t Transfer) Percent() (percent int, known bool) {
	done, all := t.BytesDone, t.Bytes
	if t.Kind == TransferExport {
		done, all = t.Documents, t.Total
	}
	switch {
	case t.Status == TransferDone:
		return 100, true
	case all <= 0:
		return 0, false
	}
	return int(min(99, done*100/all)), true
}

// ImportFormat returns the format of a file by its name: json, csv, or "" for what
// cannot be imported.
func ImportFormat(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return "csv"
	case ".json", ".jsonl", ".ndjson":
		return "json"
	}
	return ""
}

// Validate says what is wrong with a transfer that somebody asks for.
func (t Transfer) Validate() error {
	if t.Format != "json" && t.Format != "csv" {
		return E(CodeInvalid, "error.transfer_format")
	}
	if t.Kind == TransferImport && t.Mode != ImportInsert && t.Mode != ImportUpsert {
		return E(CodeInvalid, "error.transfer_mode")
	}
	return nil
}
