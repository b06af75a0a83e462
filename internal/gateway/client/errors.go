package client

import (
	"encoding/json"
	"errors"
	"strconv"

	"envshare/internal/i18n"
	"envshare/models"
)

// Numbers of base_resp.ret with a meaning to the SDK (client protocol, section
// 2.2).
const (
	retTokenExpired   = 42001
	retTokenInvalid   = 40014
	retRefreshInvalid = 40030
	retArguments      = 40097
	retLimited        = 45011 // WeChat's own number for too many in a minute
	retSystem         = -1
)

// Numbers of this protocol alone.
const (
	numberUnknownAPI = -501012
	numberSystem     = -501001
	numberRefused    = -601017
	numberThrew      = -504002
)

// numbers is the one table from an error's code to the number that clients see.
var numbers = map[models.Code]int{
	models.CodeInvalid:         -501007,
	models.CodeUnauthenticated: -601016,
	models.CodeForbidden:       -501023,
	models.CodeNotFound:        -501007,
	models.CodeConflict:        -501007,
	models.CodeLimited:         -501004,
	models.CodeUnavailable:     -501002,
	models.CodeInternal:        numberSystem,

	// An environment that is not there looks like one that is not shared.
	models.CodeEnvUnknown:          -601012,
	models.CodeEnvNotShared:        -601012,
	models.CodeSessionInvalid:      -601016,
	models.CodeTokenExpired:        -601016,
	models.CodePermissionMissing:   -601018,
	models.CodeAuthFunctionMissing: -601022,
	models.CodeAuthNoErrCode:       -601015,
	models.CodeAuthMalformed:       numberRefused,
	models.CodeAuthRefused:         numberRefused,

	models.CodeFunctionUnknown:     -504001,
	models.CodeFunctionFailed:      numberThrew,
	models.CodeFunctionTimedOut:    -504003,
	models.CodeFunctionOutOfMemory: numberThrew,
	models.CodeResultTooLarge:      -604001,
	models.CodeRuleDenied:          -501023,

	models.CodeOperator:            -502002,
	models.CodeWriteRefused:        -502001,
	models.CodeCollectionUnknown:   -502005,
	models.CodeCollectionExists:    -502001,
	models.CodeCollectionLimit:     -502004,
	models.CodeTransactionConflict: -502001,
	models.CodeTransactionUnknown:  -502001,

	codeUnknownAPI: numberUnknownAPI,

	models.CodeFileUnknown: -503003,
	models.CodeFileEnv:     -501005,
}

// codeUnknownAPI: the protocol has no call of this name here.
const codeUnknownAPI models.Code = "client_api"

// surface is which part of the protocol a call belongs to: some refusals have a
// number of their own there.
type surface string

const (
	surfaceFunctions surface = "functions"
	surfaceDatabase  surface = "database"
	surfaceStorage   surface = "storage"
	surfaceSession   surface = "session"
)

var special = map[surface]map[models.Code]int{
	surfaceDatabase: {models.CodeRuleDenied: -502003, models.CodeResultTooLarge: -602001},
	surfaceStorage:  {models.CodeRuleDenied: -503002},
}

// refusal is an error as a client sees it.
type refusal struct {
	number json.Number
	text   string
	ours   bool // a failure of this server, which its log must explain
}

func refusalOf(err error, on surface, requestID string) refusal {
	var e *models.Error
	if errors.As(err, &e) && e.Refusal != nil {
		return refusal{number: e.Refusal.ErrCode, text: e.Refusal.ErrMsg} // as cloudbase_auth said it
	}
	code := models.CodeOf(err)
	number, known := special[on][code]
	if !known {
		if number, known = numbers[code]; !known {
			code, number = models.CodeInternal, numberSystem
		}
	}
	msg := models.MsgOf(err)
	if code == models.CodeInternal {
		msg = models.M("call.internal", "request", requestID)
	}
	r := refusal{json.Number(strconv.Itoa(number)), i18n.Both(msg.Key, msg.Args), code == models.CodeInternal || code == models.CodeUnavailable}
	if e != nil && e.Detail != "" {
		r.text = e.Detail
	}
	return r
}

func malformed(cause error) error {
	return models.E(models.CodeInvalid, "call.body_malformed").Wrap(cause)
}
