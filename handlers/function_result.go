package handlers

import (
	"context"
	"strings"

	"envshare/internal/i18n"
	"envshare/models"
	"envshare/views/functions"
)

// runResult is an invocation, ready to print.
func (h pages) runResult(ctx context.Context, i models.Invocation) functions.RunResult {
	r := functions.RunResult{
		OK: i.Status == models.InvocationOK, Status: statusKey(i.Status), Duration: duration(i.DurationMS), Cold: i.Cold,
		Memory: size(i.MemoryBytes), Result: indented(i.Result), Error: i.Error, Lines: h.logLines(i), RequestID: i.ID,
	}
	if i.Status != models.InvocationOK {
		r.Meaning = meaning(ctx, i.Error)
	}
	return r
}

// knownCodes are the numbers by which a refused call is told apart in an error's
// text, and what each means.
var knownCodes = []knownCode{
	{"-601012", "error_code.not_shared", models.CodeEnvNotShared},
	{"-601015", "error_code.no_err_code", models.CodeAuthNoErrCode},
	{"-601016", "error_code.session", models.CodeSessionInvalid},
	{"-601018", "error_code.permission", models.CodePermissionMissing},
	{"-601022", "error_code.no_auth_function", models.CodeAuthFunctionMissing},
	{"-502003", "error_code.database_rule", models.CodeRuleDenied},
	{"-503002", "error_code.storage_rule", models.CodeRuleDenied},
}

type knownCode struct {
	number, key string
	code        models.Code
}

// codeIn returns the code whose number an error's text has.
func codeIn(text string) (knownCode, bool) {
	for _, c := range knownCodes {
		if strings.Contains(text, c.number) {
			return c, true
		}
	}
	return knownCode{}, false
}

// meaning explains the number in an error's text, "" when there is none.
func meaning(ctx context.Context, text string) string {
	c, known := codeIn(text)
	if !known {
		return ""
	}
	return c.number + ": " + i18n.T(ctx, c.key)
}
