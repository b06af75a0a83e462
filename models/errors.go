package models

import (
	"encoding/json"
	"errors"
)

// Code classifies an error for programs. The first eight are general; the
// others are refusals of the data plane that a wire protocol has to tell apart.
type Code string

// General codes.
const (
	CodeInvalid         Code = "invalid"
	CodeUnauthenticated Code = "unauthenticated"
	CodeForbidden       Code = "forbidden"
	CodeNotFound        Code = "not_found"
	CodeConflict        Code = "conflict"
	CodeLimited         Code = "limited"
	CodeUnavailable     Code = "unavailable"
	CodeInternal        Code = "internal"
)

// Codes of the data plane. Every wire protocol has one table that maps them to
// its own numbers and words.
const (
	// CodeEnvUnknown: there is no such environment for this caller.
	CodeEnvUnknown Code = "env_unknown"
	// CodeEnvNotShared: no active share grants the environment (-601012).
	CodeEnvNotShared Code = "env_not_shared"
	// CodeAuthFunctionMissing: cloudbase_auth is not deployed (-601022).
	CodeAuthFunctionMissing Code = "auth_function_missing"
	// CodeAuthNoErrCode: cloudbase_auth returned no numeric errCode (-601015).
	CodeAuthNoErrCode Code = "auth_no_err_code"
	// CodeAuthRefused: cloudbase_auth returned a non-zero errCode; the error
	// carries it as Refusal.
	CodeAuthRefused Code = "auth_refused"
	// CodeAuthMalformed: the auth field is not a JSON object in a string.
	CodeAuthMalformed Code = "auth_malformed"
	// CodeSessionInvalid: the cross-account session ended or never was (-601016).
	CodeSessionInvalid Code = "session_invalid"
	// CodePermissionMissing: the grant lacks the permission (-601018).
	CodePermissionMissing Code = "permission_missing"
	// CodeFunctionUnknown: there is no such function.
	CodeFunctionUnknown Code = "function_unknown"
	// CodeFunctionFailed: the function threw, exited or could not be loaded.
	CodeFunctionFailed Code = "function_failed"
	// CodeFunctionTimedOut: the function ran longer than its timeout.
	CodeFunctionTimedOut Code = "function_timed_out"
	// CodeFunctionOutOfMemory: the function needed more memory than it may have.
	CodeFunctionOutOfMemory Code = "function_out_of_memory"
	// CodeResultTooLarge: the function returned more than may be carried.
	CodeResultTooLarge Code = "result_too_large"

	// CodeOperator: a query, update or pipeline uses an operator wrongly or one
	// that does not exist.
	CodeOperator Code = "operator"
	// CodeWriteRefused: the documents do not allow the write (a duplicate key, $inc
	// of a text, a field name that begins with $).
	CodeWriteRefused Code = "write_refused"
	// CodeCollectionUnknown: there is no such collection.
	CodeCollectionUnknown Code = "collection_unknown"
	// CodeCollectionExists: a collection of this name exists.
	CodeCollectionExists Code = "collection_exists"
	// CodeCollectionLimit: the environment has as many collections as it may have.
	CodeCollectionLimit Code = "collection_limit"
	// CodeTransactionConflict: another write came first; the transaction is over.
	CodeTransactionConflict Code = "transaction_conflict"
	// CodeTransactionUnknown: the transaction ended, expired or never was.
	CodeTransactionUnknown Code = "transaction_unknown"
	// CodeTokenExpired: the access token of a client is over and can be renewed.
	CodeTokenExpired Code = "token_expired"
	// CodeRuleDenied: the security rules do not allow a client's call.
	CodeRuleDenied Code = "rule_denied"
	// CodeFileUnknown: there is no such file.
	CodeFileUnknown Code = "file_unknown"
	// CodeFileEnv: the file belongs to another environment.
	CodeFileEnv Code = "file_env"
)

// Msg is a text for people: a key of the catalogues in internal/i18n and the
// values of its placeholders.
type Msg struct {
	Key  string
	Args map[string]any
}

// M makes a Msg from a key and alternating names and values.
func M(key string, namesAndValues ...any) Msg {
	m := Msg{Key: key}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		name, ok := namesAndValues[i].(string)
		if !ok {
			continue
		}
		if m.Args == nil {
			m.Args = make(map[string]any, len(namesAndValues)/2)
		}
		m.Args[name] = namesAndValues[i+1]
	}
	return m
}

// Refusal is what cloudbase_auth answered when it refused: its own number and
// text, which reach the caller unchanged.
type Refusal struct {
	ErrCode json.Number
	ErrMsg  string
}

// Error is the one error type of EnvShare: a code for programs, a message for
// people, messages for single fields of a form, and a cause for the log.
type Error struct {
	Code    Code
	Msg     Msg
	Fields  map[string]Msg
	Refusal *Refusal
	// Detail is text that user code produced (an exception with its stack); it
	// is shown to the author of that code and never translated.
	Detail string
	cause  error
}

// E makes an Error.
func E(code Code, key string, namesAndValues ...any) *Error {
	return &Error{Code: code, Msg: M(key, namesAndValues...)}
}

// Error implements the error interface; the text is for logs.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Msg.Key
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Wrap returns a copy of e with a cause.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// CodeOf returns the code of err: "" for nil, CodeInternal for a foreign error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// IsCode reports whether err carries code.
func IsCode(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// MsgOf returns the message of err for people, or the generic one.
func MsgOf(err error) Msg {
	var e *Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return M("error.internal")
}

// FieldErrors returns the messages for single fields, or nil when err has none.
func FieldErrors(err error) map[string]Msg {
	var e *Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return e.Fields
	}
	return nil
}

// Fields collects messages for the fields of a form while it is validated.
type Fields map[string]Msg

// Add records a message for a field; the first one for a field stays.
func (f Fields) Add(field, key string, namesAndValues ...any) {
	if _, ok := f[field]; !ok {
		f[field] = M(key, namesAndValues...)
	}
}

// Err returns nil when nothing was recorded, else an invalid error.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Msg: M("error.invalid"), Fields: f}
}
