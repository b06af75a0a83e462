package runner

import (
	"encoding/json"
	"time"
)

// Version is one immutable version of one function in one environment, with its configuration.
type Version struct {
	// ID names the version; Retire takes it.
	ID string
	// EnvironmentID, FunctionName and Number are shown to the function in its context.
	EnvironmentID, FunctionName string
	Number                      int
	// Dir is the prepared tree on local disk: index.js or index.mjs, package.json, node_modules if any.
	// It must not change while the version is in use.
	Dir string
	// MemoryMB is one of MemorySizes; zero means DefaultMemoryMB.
	MemoryMB int
	// Variables are the function's own environment variables.
	Variables map[string]string
	// Concurrency is how many invocations one worker runs at a time; zero means 1. Above 1 the function's module
	// variables are shared by invocations that overlap, which its author must have chosen.
	Concurrency int
}

// Invocation is one run of a function.
type Invocation struct {
	// RequestID is shown to the function in its context.
	RequestID string
	// Event is the JSON text that the function gets; empty means {}.
	Event json.RawMessage
	// Env are the variables of this run alone: credential, endpoint, who is calling.
	Env map[string]string
	// Timeout ends the run; zero means DefaultTimeout. Waiting for a free worker is bounded by it separately.
	Timeout time.Duration
	// Depth is 0 for a call from outside and n for one made by a function that itself runs at depth n-1.
	Depth int
}

// Status says how an invocation ended.
type Status string

// The ways in which an invocation ends. All but StatusOverloaded are the doing of the function's own code.
const (
	StatusOK             Status = "ok"
	StatusFailed         Status = "failed"           // threw, rejected, or left a rejection unhandled
	StatusExited         Status = "exited"           // ended its process with process.exit
	StatusCrashed        Status = "crashed"          // its process ended by a signal, broke the channel to the server, or filled the disk
	StatusTimedOut       Status = "timed_out"        // ran longer than its timeout
	StatusOutOfMemory    Status = "out_of_memory"    // used more memory than configured
	StatusResultTooLarge Status = "result_too_large" // returned more JSON text than Config.ResultLimit
	StatusNotJSON        Status = "not_json"         // returned a value that JSON cannot hold
	StatusOverloaded     Status = "overloaded"       // found no free worker before its deadline
	StatusNotLoadable    Status = "not_loadable"     // syntax error, missing index.js or exports.main, throw while loading
)

// Result is the outcome of an invocation.
type Result struct {
	Status Status
	// Value is the JSON text of what the function returned, "null" for undefined; set with StatusOK only.
	Value json.RawMessage
	// Error is meant for the function's author: a message and, where there is one, a stack with paths relative to
	// the function's folder. Empty with StatusOK.
	Error string
	// Logs are the function's console output, oldest first; LogsTruncated reports that some is missing.
	Logs          []LogLine
	LogsTruncated bool
	// Duration is the time in the function, without waiting and loading.
	Duration time.Duration
	// MemoryBytes is the largest resident size seen of the worker during the run.
	MemoryBytes int64
	// Cold reports that this was the worker's first run.
	Cold bool
}

// LogLine is one write of a function to its console.
type LogLine struct {
	Time   time.Time
	Stream string // "stdout" or "stderr"
	Text   string
}

// Stats counts the processes and callers of a Runner at one moment.
type Stats struct {
	Workers  int // processes that serve a version, those that are starting included
	Busy     int // workers with at least one invocation
	Starting int // workers that are being prepared
	Spares   int // warm processes that serve no version yet
	Queued   int // invocations that wait for a worker
}

// DefaultMemoryMB and DefaultTimeout apply where a Version or an Invocation leaves them zero.
const (
	DefaultMemoryMB = 256
	DefaultTimeout  = 3 * time.Second
)

// MemorySizes are the memory sizes a function may have, in megabytes.
func MemorySizes() []int { return []int{128, 256, 512, 1024, 2048} }
