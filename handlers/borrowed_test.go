package handlers_test

import (
	"strings"
	"testing"

	"envshare/internal/paths"
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
			} {
				b.get(path).want(allowed(view, 200))
			}
			b.get(paths.NewFunction(diner, shopTest)).want(allowed(operate, 200))
			b.get(paths.DeleteFunction(diner, shopTest, "hello")).want(allowed(operate, 200))
			b.get(paths.Settings(diner, shopTest)).want(allowed(held.Has(models.SettingsView), 200))
			// A malformed event is told apart from a refusal without running anything.
			b.forge(paths.RunFunction(diner, shopTest, "hello"), "event", "{").want(allowed(invoke, 422))
			b.forge(paths.RollBackFunction(diner, shopTest, "hello"), "version", "1").want(allowed(operate, 303))
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
	k.admin(shop).get(paths.FunctionCode(shop, shopTest, models.AuthFunction)).want(200).wantText(`[data-testid="source"]`, "errCode: 1")
	t.Run("nor are settings and sharing", func(t *testing.T) {
		b.get(paths.Settings(diner, shopTest)).want(200).wantText("main", text("settings.borrowed_note", "owner", "商城"))
		b.forge(paths.Shares(diner), "to", depot, "env", shopTest, "perm."+shopTest, "functions.view").want(422).
			wantError(text("error.environment_not_own", "environment", shopTest))
	})
}
