package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/gateway/intake"
	"envshare/models"
)

func TestWhatARefusalLooksLike(t *testing.T) {
	failed := func(code models.Code, detail string) error {
		e := models.E(code, "call."+string(code), "function", "f", "environment", "e")
		e.Detail = detail
		return e
	}
	refused := models.E(models.CodeAuthRefused, "call.auth_refused")
	refused.Refusal = &models.Refusal{ErrCode: json.Number("40103"), ErrMsg: "no"}
	for _, c := range []struct {
		name         string
		err          error
		code, begins string
		number       int
	}{
		{"invalid", models.E(models.CodeInvalid, "call.event_json"), "INVALID_PARAM", "request_data", -501007},
		{"unauthenticated", models.E(models.CodeUnauthenticated, "call.credential_unknown"), "SIGN_PARAM_INVALID", "", -501006},
		{"forbidden", models.E(models.CodeForbidden, "error.forbidden"), "PERMISSION_DENIED", "[-601011] ", -601011},
		{"not found", models.E(models.CodeNotFound, "error.not_found"), "RESOURCE_NOT_FOUND", "", -501007},
		{"conflict", models.E(models.CodeConflict, "error.exists"), "INVALID_OPERATION", "", -501007},
		{"limited", failed(models.CodeLimited, ""), "EXCEED_CONCURRENT_REQUEST_LIMIT", "", -501004},
		{"unavailable", models.E(models.CodeUnavailable, "call.runner_unavailable"), "SERVER_TIMEOUT", "", -501002},
		{"internal", models.E(models.CodeInternal, "error.internal"), "SYS_ERR", "", -501001},
		{"env unknown", models.E(models.CodeEnvUnknown, "call.env_unknown", "environment", "e"), "INVALIID_ENV", "Environment not found. ", -501005},
		{"env not shared", models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", "e"), "PERMISSION_DENIED", "[-601012] ", -601012},
		{"session invalid", models.E(models.CodeSessionInvalid, "call.session_expired"), "PERMISSION_DENIED", "[-601016] ", -601016},
		{"permission missing", models.E(models.CodePermissionMissing, "call.permission_missing", "environment", "e", "permission", "p", "key", "k"), "PERMISSION_DENIED", "[-601018] ", -601018},
		{"auth function missing", models.E(models.CodeAuthFunctionMissing, "call.auth_function_missing", "environment", "e", "function", "f"), "PERMISSION_DENIED", "[-601022] ", -601022},
		{"auth no errCode", models.E(models.CodeAuthNoErrCode, "call.auth_no_err_code"), "PERMISSION_DENIED", "[-601015] ", -601015},
		{"auth malformed", models.E(models.CodeAuthMalformed, "call.auth_malformed"), "PERMISSION_DENIED", "[-601017] ", -601017},
		{"auth refused", refused, "PERMISSION_DENIED", "[-601017] ", -601017},
		{"function unknown", models.E(models.CodeFunctionUnknown, "call.function_unknown", "environment", "e", "function", "f"), "FUNCTION_NOT_FOUND", "FunctionName parameter could not be found. ", -504001},
		{"function failed", failed(models.CodeFunctionFailed, "Error: boom"), "FUNCTIONS_EXECUTE_FAIL", "Error: boom", -504002},
		{"function failed without a word", failed(models.CodeFunctionFailed, ""), "FUNCTIONS_EXECUTE_FAIL", "", -504002},
		{"function timed out", failed(models.CodeFunctionTimedOut, "Invoking task timed out after 3 seconds"), "FUNCTIONS_TIME_LIMIT_EXCEEDED", "Invoking task", -504003},
		{"function out of memory", failed(models.CodeFunctionOutOfMemory, "too much"), "FUNCTIONS_MEMORY_LIMIT_EXCEEDED", "too much", -504002},
		{"result too large", failed(models.CodeResultTooLarge, "over"), "EXCEED_MAX_RESPONSE_SIZE", "[-604001] ", -604001},
		{"bad signature", signatureError(ErrSignature), "SIGN_PARAM_INVALID", "", -501006},
		{"too large", decodeError(ErrTooLarge, 1<<20), "EXCEED_REQUEST_SIZE_LIMIT", "", -501007},
		{"unknown action", models.E(codeAction, "call.action_unknown", "action", "a"), "INVALID_ACTION", "", -604100},
		{"wrapped", fmt.Errorf("load: %w", models.E(models.CodeEnvUnknown, "call.env_unknown", "environment", "e")), "INVALIID_ENV", "", -501005},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rowOf(c.err)
			got := r.failure(c.err, "r-1")
			if got.Code != c.code || r.number != c.number || !strings.HasPrefix(got.Message, c.begins) || got.RequestID != "r-1" {
				t.Errorf("%d %+v", r.number, got)
			}
			// A missing text shows its key; a missing value its placeholder.
			if strings.Contains(got.Message, "call.") || strings.ContainsAny(strings.ReplaceAll(got.Message, "stringify({})", ""), "{}") || got.Message == "" {
				t.Errorf("message %q", got.Message)
			}
			detail := ""
			var e *models.Error
			if errors.As(c.err, &e) {
				detail = e.Detail
			}
			if detail == "" && !strings.Contains(got.Message, " / ") {
				t.Errorf("not in both languages: %q", got.Message)
			}
		})
	}
}

func TestEveryCodeHasARow(t *testing.T) {
	codes := []models.Code{
		models.CodeInvalid, models.CodeUnauthenticated, models.CodeForbidden, models.CodeNotFound, models.CodeConflict,
		models.CodeLimited, models.CodeUnavailable, models.CodeInternal, models.CodeEnvUnknown, models.CodeEnvNotShared,
		models.CodeAuthFunctionMissing, models.CodeAuthNoErrCode, models.CodeAuthRefused, models.CodeAuthMalformed,
		models.CodeSessionInvalid, models.CodePermissionMissing, models.CodeFunctionUnknown, models.CodeFunctionFailed,
		models.CodeFunctionTimedOut, models.CodeFunctionOutOfMemory, models.CodeResultTooLarge,
		models.CodeOperator, models.CodeWriteRefused, models.CodeCollectionUnknown, models.CodeCollectionExists, models.CodeCollectionLimit,
		models.CodeTransactionConflict, models.CodeTransactionUnknown, models.CodeFileUnknown, models.CodeFileEnv, codeSignature, codeTooLarge, codeAction,
	}
	for _, code := range codes {
		r, ok := rows[code]
		if !ok || r.code == "" || r.number >= 0 {
			t.Errorf("%s: %+v", code, r)
		}
	}
	if len(codes) != len(rows) {
		t.Errorf("%d codes, %d rows", len(codes), len(rows))
	}
}

func TestAForeignErrorSaysNothingButItsRequest(t *testing.T) {
	err := errors.New("disk /var/lib of db-7 is full")
	got := rowOf(err).failure(err, "r-1")
	if got.Code != "SYS_ERR" || strings.Contains(got.Message, "disk") || !strings.Contains(got.Message, "r-1") {
		t.Errorf("%+v", got)
	}
	if !rowOf(err).ours() || rowOf(ErrSignature).code != "SYS_ERR" {
		t.Error("a foreign error is not logged")
	}
}

func TestWhyASignatureWasRefused(t *testing.T) {
	got := map[string]string{}
	for _, err := range []error{ErrScheme, ErrMalformed, ErrSkew, ErrDate, ErrUncovered, ErrSignature} {
		got[err.Error()] = models.MsgOf(signatureError(fmt.Errorf("%w: detail", err))).Key
	}
	if diff := cmp.Diff(map[string]string{
		ErrScheme.Error(): "call.sign_scheme", ErrMalformed.Error(): "call.sign_malformed", ErrSkew.Error(): "call.sign_skew",
		ErrDate.Error(): "call.sign_malformed", ErrUncovered.Error(): "call.sign_uncovered", ErrSignature.Error(): "call.sign_mismatch",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhyABodyWasRefused(t *testing.T) {
	for err, key := range map[error]string{
		ErrTooLarge: "call.body_too_large", ErrContentType: "call.content_type", ErrDuplicate: "call.parameter_twice",
		intake.ErrBusy: "call.too_busy", ErrBody: "call.body_malformed", errors.New("connection reset"): "call.body_malformed",
	} {
		if got := models.MsgOf(decodeError(err, 1)).Key; got != key {
			t.Errorf("%v: %s", err, got)
		}
	}
}
