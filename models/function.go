package models

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Function is a cloud function of an environment with its configuration; the
// code is in its versions.
type Function struct {
	ID             string `gorm:"primaryKey"`
	EnvironmentID  string
	Name           string
	TimeoutSeconds int
	MemoryMB       int               `gorm:"column:memory_mb"`
	Concurrency    int               // invocations at a time in one worker process
	Variables      map[string]string `gorm:"serializer:json"`
	ActiveVersion  int               // number of the version that runs
	ActiveID       string            // id of the version that runs
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// FunctionVersion is one deployed, immutable state of a function's code.
type FunctionVersion struct {
	ID         string `gorm:"primaryKey"`
	FunctionID string
	Number     int
	Digest     string // SHA-256 of the source archive, hexadecimal
	SizeBytes  int64  // of the source archive
	FileCount  int
	DeployedBy string // user name or command
	Note       string
	CreatedAt  time.Time
}

// Defaults and limits of a function's configuration.
const (
	DefaultTimeoutSeconds = 20
	MaxTimeoutSeconds     = 60
	DefaultMemoryMB       = 256
	MaxConcurrency        = 100
	maxVariables          = 100
	maxVariableBytes      = 4096
)

// MemorySizes are the sizes of memory that a function may have, in MB.
func MemorySizes() []int { return []int{128, 256, 512, 1024, 2048} }

var (
	functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,59}$`)
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
)

// ValidFunctionName reports whether s may name a function: a letter, then up to
// 59 letters, digits, hyphens and underscores.
func ValidFunctionName(s string) bool { return functionName.MatchString(s) }

// reservedVariables are prefixes and names that carry a call's identity or steer
// the worker process; a function's own variables may not touch them.
var reservedVariables = []string{"TENCENTCLOUD_", "TCB_", "WX_", "SCF_", "NODE_", "ENVSHARE_", "LD_", "_SCF_", "UV_"}

var reservedNames = []string{
	"PATH", "HOME", "TMPDIR", "LANG", "TZ", "TRIGGER_SRC", "LOGINTYPE", "QQ_OPENID", "QQ_APPID",
	"KUBERNETES_SERVICE_HOST", "CBR_ENV_ID", "SUMERU_ENV", "TENCENTCLOUD", "CLOUDBASE_APIKEY", "SSLKEYLOGFILE",
}

// ReservedVariable reports whether a variable name belongs to the platform.
func ReservedVariable(name string) bool {
	upper := strings.ToUpper(name)
	return slices.Contains(reservedNames, upper) ||
		slices.ContainsFunc(reservedVariables, func(p string) bool { return strings.HasPrefix(upper, p) })
}

// Validate checks name and configuration.
func (fn Function) Validate() error {
	f := Fields{}
	switch {
	case !ValidFunctionName(fn.Name):
		f.Add("name", "error.function_name")
	case fn.Name == "new": // the address of the form that creates a function
		f.Add("name", "error.function_name_reserved")
	}
	if fn.TimeoutSeconds < 1 || fn.TimeoutSeconds > MaxTimeoutSeconds {
		f.Add("timeout", "error.between", "min", 1, "max", MaxTimeoutSeconds)
	}
	if !slices.Contains(MemorySizes(), fn.MemoryMB) {
		f.Add("memory", "error.function_memory")
	}
	if fn.Concurrency < 1 || fn.Concurrency > MaxConcurrency {
		f.Add("concurrency", "error.between", "min", 1, "max", MaxConcurrency)
	}
	if len(fn.Variables) > maxVariables {
		f.Add("variables", "error.function_many_variables", "max", maxVariables)
	}
	size := 0
	for name, value := range fn.Variables {
		size += len(name) + len(value)
		switch {
		case !variableName.MatchString(name):
			f.Add("variables", "error.variable_name", "name", name)
		case ReservedVariable(name):
			f.Add("variables", "error.variable_reserved", "name", name)
		case strings.ContainsRune(value, 0):
			f.Add("variables", "error.control_characters")
		}
	}
	if size > maxVariableBytes {
		f.Add("variables", "error.function_variables_size", "max", maxVariableBytes)
	}
	return f.Err()
}

// InvocationStatus is how an invocation ended.
type InvocationStatus string

// The ways in which an invocation ends.
const (
	InvocationOK          InvocationStatus = "ok"
	InvocationFailed      InvocationStatus = "failed"
	InvocationTimedOut    InvocationStatus = "timed_out"
	InvocationOutOfMemory InvocationStatus = "out_of_memory"
	InvocationTooLarge    InvocationStatus = "too_large"
	InvocationOverloaded  InvocationStatus = "overloaded"
)

// InvocationTrigger is what started an invocation.
type InvocationTrigger string

// The things that start an invocation.
const (
	TriggerConsole      InvocationTrigger = "console"       // a test run
	TriggerFunction     InvocationTrigger = "function"      // code of the same app
	TriggerCrossAccount InvocationTrigger = "cross_account" // another app
	TriggerHandshake    InvocationTrigger = "handshake"     // cloudbase_auth during init
	TriggerCredential   InvocationTrigger = "credential"    // issued credentials
	TriggerClient       InvocationTrigger = "client"        // a web page or mini program
)

// Invocation is one run of a function. Its id is the request id that the caller
// sees.
type Invocation struct {
	ID            string `gorm:"primaryKey"`
	EnvironmentID string
	FunctionName  string
	Version       int
	Trigger       InvocationTrigger `gorm:"column:trigger_kind"`
	CallerAppID   string            // the app that the call came from
	CallerOpenID  string            `gorm:"column:caller_openid"`
	Status        InvocationStatus
	Error         string
	Result        string // JSON text, cut at 4 KiB
	Logs          string // lines "time stream text", cut at 256 KiB
	DurationMS    int64  `gorm:"column:duration_ms"`
	MemoryBytes   int64
	Cold          bool `gorm:"column:cold_start"`
	StartedAt     time.Time
}
