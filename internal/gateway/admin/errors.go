package admin

import (
	"errors"
	"strconv"
	"strings"

	"envshare/internal/gateway/intake"
	"envshare/internal/i18n"
	"envshare/models"
)

// Codes of this protocol alone: reasons that no service knows.
const (
	codeSignature models.Code = "admin_signature"
	codeTooLarge  models.Code = "admin_too_large"
	codeAction    models.Code = "admin_action"
)

// row says how the protocol names a refusal.
type row struct {
	// code is a string of admin protocol, section 5.
	code string
	// number is the errCode that a handshake rejects with.
	number int
	// said makes the number the beginning of the message, "[-601012] …", where
	// the protocol has no room for it.
	said bool
	// phrase begins the message; programs written for the vendor's service match
	// on it, because wx-server-sdk 4 shows them no number.
	phrase string
	// detail makes the text of the failing function the message.
	detail bool
}

// rows is the one table from an error's code to the protocol's answer.
var rows = map[models.Code]row{
	models.CodeInvalid:         {code: "INVALID_PARAM", number: -501007},
	models.CodeUnauthenticated: {code: "SIGN_PARAM_INVALID", number: -501006},
	models.CodeForbidden:       {code: "PERMISSION_DENIED", number: -601011, said: true},
	models.CodeNotFound:        {code: "RESOURCE_NOT_FOUND", number: -501007},
	models.CodeConflict:        {code: "INVALID_OPERATION", number: -501007},
	models.CodeLimited:         {code: "EXCEED_CONCURRENT_REQUEST_LIMIT", number: -501004},
	models.CodeUnavailable:     {code: "SERVER_TIMEOUT", number: -501002},
	models.CodeInternal:        {code: "SYS_ERR", number: -501001},

	models.CodeEnvUnknown:          {code: "INVALIID_ENV", number: -501005, phrase: "Environment not found."},
	models.CodeEnvNotShared:        {code: "PERMISSION_DENIED", number: -601012, said: true},
	models.CodeSessionInvalid:      {code: "PERMISSION_DENIED", number: -601016, said: true},
	models.CodePermissionMissing:   {code: "PERMISSION_DENIED", number: -601018, said: true},
	models.CodeAuthFunctionMissing: {code: "PERMISSION_DENIED", number: -601022, said: true},
	models.CodeAuthNoErrCode:       {code: "PERMISSION_DENIED", number: -601015, said: true},
	models.CodeAuthMalformed:       {code: "PERMISSION_DENIED", number: -601017, said: true},
	models.CodeAuthRefused:         {code: "PERMISSION_DENIED", number: -601017, said: true},

	models.CodeFunctionUnknown:     {code: "FUNCTION_NOT_FOUND", number: -504001, phrase: "FunctionName parameter could not be found."},
	models.CodeFunctionFailed:      {code: "FUNCTIONS_EXECUTE_FAIL", number: -504002, detail: true},
	models.CodeFunctionTimedOut:    {code: "FUNCTIONS_TIME_LIMIT_EXCEEDED", number: -504003, detail: true},
	models.CodeFunctionOutOfMemory: {code: "FUNCTIONS_MEMORY_LIMIT_EXCEEDED", number: -504002, detail: true},
	models.CodeResultTooLarge:      {code: "EXCEED_MAX_RESPONSE_SIZE", number: -604001, said: true},

	models.CodeOperator:            {code: "DATABASE_INVALID_OPERRATOR", number: -502002},
	models.CodeWriteRefused:        {code: "DATABASE_REQUEST_FAILED", number: -502001},
	models.CodeCollectionUnknown:   {code: "DATABASE_COLLECTION_NOT_EXIST", number: -502005, phrase: "[ResourceNotFound] Db or Table not exist. Please check your request, but if the problem cannot be solved, contact us."},
	models.CodeCollectionExists:    {code: "DATABASE_REQUEST_FAILED", number: -502001},
	models.CodeCollectionLimit:     {code: "DATABASE_COLLECTION_EXCEED_LIMIT", number: -502004},
	models.CodeTransactionConflict: {code: "DATABASE_TRANSACTION_CONFLICT", number: -501001, phrase: "[ResourceUnavailable.TransactionConflict] Transaction is conflict, maybe resource operated by others. Please check your request, but if the problem persists, contact us."},
	models.CodeTransactionUnknown:  {code: "DATABASE_TRANSACTION_FAIL", number: -501001, phrase: "[ResourceUnavailable.TransactionNotExist] Transaction does not exist on the server, transaction must be commit or abort in 30 seconds. Please check your request, but if the problem persists, contact us."},

	models.CodeFileUnknown: {code: "STORAGE_FILE_NONEXIST", number: -503003},
	models.CodeFileEnv:     {code: "INVALIID_ENV", number: -501005},

	codeSignature: {code: "SIGN_PARAM_INVALID", number: -501006},
	codeTooLarge:  {code: "EXCEED_REQUEST_SIZE_LIMIT", number: -501007},
	codeAction:    {code: "INVALID_ACTION", number: -604100},
}

// surface is how the actions of one kind name what all kinds may refuse.
type surface struct {
	prefix string
	denied string // instead of PERMISSION_DENIED
	large  int    // the number of result_too_large
}

var surfaces = []surface{{prefix: "database.", denied: "DATABASE_PERMISSION_DENIED", large: -602001}, {prefix: "storage.", denied: "STORAGE_EXCEED_AUTHORITY", large: -604001}}

// on returns the row as the action names it.
func (r row) on(action string) row {
	for _, s := range surfaces {
		if !strings.HasPrefix(action, s.prefix) {
			continue
		}
		if r.code == rows[models.CodePermissionMissing].code {
			r.code = s.denied
		}
		if r.code == rows[models.CodeResultTooLarge].code {
			r.number = s.large
		}
	}
	return r
}

// rowOf returns the row of an error; one without a code is internal.
func rowOf(err error) row {
	if r, ok := rows[models.CodeOf(err)]; ok {
		return r
	}
	return rows[models.CodeInternal]
}

// ours reports whether an error is a failure of this server, which its log must
// explain, and not a refusal.
func (r row) ours() bool {
	return r.code == rows[models.CodeInternal].code || r.code == rows[models.CodeUnavailable].code
}

// text is the message for people, who may read either language.
func (r row) text(err error, requestID string) string {
	var e *models.Error
	if r.detail && errors.As(err, &e) && e.Detail != "" {
		return e.Detail
	}
	msg := models.MsgOf(err)
	if r.code == rows[models.CodeInternal].code {
		msg = models.M("call.internal", "request", requestID)
	}
	text := i18n.Both(msg.Key, msg.Args)
	if r.phrase != "" {
		text = r.phrase + " " + text
	}
	return text
}

// failure answers a call.
func (r row) failure(err error, requestID string) Failure {
	text := r.text(err, requestID)
	if r.said {
		text = "[" + strconv.Itoa(r.number) + "] " + text
	}
	return Failure{Code: r.code, Message: text, RequestID: requestID}
}

// decodeError says why a body was refused. An error that came from reading the
// connection gets the same answer as a body that ends too early.
func decodeError(err error, limit int64) error {
	switch {
	case errors.Is(err, intake.ErrBusy):
		return models.E(models.CodeLimited, "call.too_busy").Wrap(err)
	case errors.Is(err, ErrTooLarge):
		return models.E(codeTooLarge, "call.body_too_large", "max", limit>>20).Wrap(err)
	case errors.Is(err, ErrContentType):
		return models.E(models.CodeInvalid, "call.content_type").Wrap(err)
	case errors.Is(err, ErrDuplicate):
		return models.E(models.CodeInvalid, "call.parameter_twice").Wrap(err)
	}
	return models.E(models.CodeInvalid, "call.body_malformed").Wrap(err)
}

// signatureError says why a signature was refused. Every reason is about what
// the caller sent; none tells a forger how near a guess was.
func signatureError(err error) error {
	key := "call.sign_mismatch"
	for reason, k := range map[error]string{
		ErrScheme: "call.sign_scheme", ErrMalformed: "call.sign_malformed", ErrSkew: "call.sign_skew",
		ErrDate: "call.sign_malformed", ErrUncovered: "call.sign_uncovered",
	} {
		if errors.Is(err, reason) {
			key = k
		}
	}
	return models.E(codeSignature, key, "seconds", int(MaxSkew.Seconds())).Wrap(err)
}
