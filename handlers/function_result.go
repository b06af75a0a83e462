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
var knownCodes = []struct{ number, key string }{
	{"-601012", "error_code.not_shared"},
	{"-601015", "error_code.no_err_code"},
	{"-601016", "error_code.session"},
	{"-601018", "error_code.permission"},
	{"-601022", "error_code.no_auth_function"},
	{"-502003", "error_code.database_rule"},
	{"-503002", "error_code.storage_rule"},
}

// meaning explains the number in an error's text, "" when there is none.
func meaning(ctx context.Context, text string) string {
	for _, c := range knownCodes {
		if strings.Contains(text, c.number) {
			return c.number + ": " + i18n.T(ctx, c.key)
		}
	}
	return ""
}
