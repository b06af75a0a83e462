package handlers_test

import (
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/models"
)

// S9: what a borrower may do on the functions pages is what each permission says.
func TestS9BorrowedFunctions(t *testing.T) {
	for _, permission := range models.Permissions() {
		t.Run(string(permission), func(t *testing.T) {
			t.Parallel()
			k := newWorld(t)
			k.deploy(shopTest, "hello", "exports.main = async () => 1")
			k.share(shop, diner, shopTest, permission)
			b := k.admin(diner)
			held := models.NewPermissionSet(permission)
			view, operate, invoke := held.Has(models.FunctionsView), held.Has(models.FunctionsOperate), held.Has(models.FunctionsInvoke)

			overview := b.get(paths.Environment(diner, shopTest)).want(200)
			wantTab := "[" + text("nav.functions") + "]"
			if view {
				wantTab = text("nav.functions")
			}
			if got := overview.tabs()[4]; got != wantTab {
				t.Errorf("tab %q, want %q", got, wantTab)
			}
			if !view {
				overview.wantText("nav", notGranted(models.FunctionsView))
			}
			for _, path := range []string{
				paths.Functions(diner, shopTest), paths.Function(diner, shopTest, "hello"), paths.FunctionCode(diner, shopTest, "hello"),
				paths.FunctionDownload(diner, shopTest, "hello"), paths.FunctionVersions(diner, shopTest, "hello"),
				paths.ConfigureFunction(diner, shopTest, "hello"), paths.Invocations(diner, shopTest, "hello"),
				paths.CompareVersions(diner, shopTest, "hello", "1", "1"),
			} {
				b.get(path).want(allowed(view, 200))
			}
			b.get(paths.NewFunction(diner, shopTest)).want(allowed(operate, 200))
			for _, path := range []string{
				paths.DeleteFunction(diner, shopTest, "hello"), paths.DeployFunction(diner, shopTest, "hello"),
				paths.FunctionDraft(diner, shopTest, "hello"), paths.DiscardFunctionDraft(diner, shopTest, "hello"),
				paths.NewFunctionFile(diner, shopTest, "hello"), paths.RenameFunctionFile(diner, shopTest, "hello", "index.js"),
				paths.DeleteFunctionFile(diner, shopTest, "hello", "index.js"), paths.RollBackTo(diner, shopTest, "hello", "1"),
			} {
				b.get(path).want(allowed(operate, 200))
			}
			b.get(paths.Settings(diner, shopTest)).want(allowed(held.Has(models.SettingsView), 200))
			// A malformed event is told apart from a refusal without running anything.
			b.forge(paths.RunFunction(diner, shopTest, "hello"), "event", "{").want(allowed(invoke, 422))
			b.forge(paths.RollBackFunction(diner, shopTest, "hello"), "version", "1").want(allowed(operate, 303))
			b.forge(paths.FunctionEvents(diner, shopTest, "hello"), "name", "mine", "event", "{}").want(allowed(operate, 303))
			b.forge(paths.FunctionFiles(diner, shopTest, "hello"), "path", "b.js").want(allowed(operate, 303))
			b.forge(paths.FunctionCode(diner, shopTest, "hello"), "file", "b.js", "content", "1", "seen", emptyDigest).want(allowed(operate, 303))
			b.forge(paths.RenameFunctionFile(diner, shopTest, "hello", ""), "file", "b.js", "path", "c.js").want(allowed(operate, 303))
			b.forge(paths.TakeInFunctionDraft(diner, shopTest, "hello")).want(allowed(operate, 303))
			b.forge(paths.DeleteFunctionFile(diner, shopTest, "hello", ""), "file", "c.js").want(allowed(operate, 303))
			b.forge(paths.RestoreFunctionFile(diner, shopTest, "hello"), "file", "c.js").want(allowed(operate, 303))
			b.forge(paths.DiscardFunctionDraft(diner, shopTest, "hello")).want(allowed(operate, 303))
			b.forge(paths.FunctionDraft(diner, shopTest, "hello"), "over", k.active(shopTest, "hello")).want(allowed(operate, 303))
			b.forge(paths.ConfigureFunction(diner, shopTest, "hello"), "timeout", "5", "memory", "128", "concurrency", "1").want(allowed(operate, 303))
			b.upload(paths.DeployFunction(diner, shopTest, "hello"), b.token("/apps"), nil, "files", "index.js", "exports.main = async () => 2").want(allowed(operate, 303))
			b.forge(paths.Functions(diner, shopTest), "name", "mine", "template", "hello").want(allowed(operate, 303))
			b.forge(paths.DeleteFunction(diner, shopTest, "hello")).want(allowed(operate, 303))
			if view {
				why := b.get(paths.Functions(diner, shopTest)).want(200).Find(`[data-testid="why-off"]`).Text()
				for p, may := range map[models.Permission]bool{models.FunctionsInvoke: invoke, models.FunctionsOperate: operate} {
					if strings.Contains(why, notGranted(p)) == may {
						t.Errorf("granted %t, and the table says %q", may, why)
					}
				}
			}
		})
	}
}

// emptyDigest is the digest of an empty file.
const emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// notGranted is why a borrower may not do something in shopTest.
func notGranted(p models.Permission) string {
	return text("error.permission_not_granted", "permission", text("permission."+string(p)), "key", string(p), "environment", shopTest)
}

// allowed is the status of an answer to somebody who may, or who may not.
func allowed(yes bool, status int) int {
	if yes {
		return status
	}
	return 403
}

// S10: cloudbase_auth of a borrowed environment is never the borrower's to change.
func TestS10AuthFunctionIsTheOwners(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, models.AuthFunction, "exports.main = async () => ({ errCode: 1 })")
	k.share(shop, diner, shopTest, models.Permissions()...)
	b := k.admin(diner)

	b.get(paths.Functions(diner, shopTest)).want(200).wantText(`[data-testid="function-row"]`, models.AuthFunction, text("functions.owner_only"), text("error.auth_function_owner_only"))
	b.get(paths.DeleteFunction(diner, shopTest, models.AuthFunction)).want(403)
	b.forge(paths.DeleteFunction(diner, shopTest, models.AuthFunction)).want(403).wantText(`[data-testid="error-message"]`, text("error.auth_function_owner_only"))
	b.forge(paths.Functions(diner, shopTest), "name", models.AuthFunction, "template", "cloudbase_auth").want(403)
	b.forge(paths.RollBackFunction(diner, shopTest, models.AuthFunction), "version", "1").want(403)
	b.forge(paths.ConfigureFunction(diner, shopTest, models.AuthFunction), "timeout", "5", "memory", "128", "concurrency", "1").want(403)
	b.upload(paths.DeployFunction(diner, shopTest, models.AuthFunction), b.token("/apps"), nil, "files", "index.js", "exports.main = async () => ({ errCode: 0 })").want(403)
	for _, path := range []string{
		paths.FunctionDraft(diner, shopTest, models.AuthFunction), paths.FunctionFiles(diner, shopTest, models.AuthFunction),
		paths.FunctionCode(diner, shopTest, models.AuthFunction), paths.FunctionEvents(diner, shopTest, models.AuthFunction),
	} {
		b.forge(path, "over", "1", "path", "x.js", "file", "index.js", "content", "exports.main = 1", "name", "e", "event", "{}").want(403)
	}
	b.get(paths.FunctionCode(diner, shopTest, models.AuthFunction)).want(200).wantCount(`textarea[readonly]`, 1).wantText(`[data-testid="why-not"]`, text("error.auth_function_owner_only"))
	k.admin(shop).get(paths.FunctionCode(shop, shopTest, models.AuthFunction)).want(200).wantText(`[data-testid="source"]`, "errCode: 1")
	t.Run("a borrower sees that it is missing, and that only the owner can mend it", func(t *testing.T) {
		must(t, k.kit.Services.Functions.Delete(t.Context(), testkit.Actor, shop, shopTest, models.AuthFunction))
		for _, path := range []string{paths.Functions(diner, shopTest), paths.Environment(diner, shopTest)} {
			b.get(path).want(200).wantText(`[data-testid="auth-missing"]`, text("functions.auth_missing_borrowed"), text("error.auth_function_owner_only")).
				wantCount(`[data-testid="auth-missing"] form`, 0)
		}
	})
	t.Run("nor are settings and sharing", func(t *testing.T) {
		b.get(paths.Settings(diner, shopTest)).want(200).wantText("main", text("settings.borrowed_note", "owner", "商城"))
		b.forge(paths.Shares(diner), "to", depot, "env", shopTest, "perm."+shopTest, "functions.view").want(422).
			wantError(text("error.environment_not_own", "environment", shopTest))
	})
}
