package handlers_test

import (
	"testing"

	"envshare/internal/paths"
)

func TestOperatorEndsLinksOfATakenAccount(t *testing.T) {
	a := newAccounts(t, elsewhere{on: true})
	ops, ann := a.operator("ops"), a.signIn("ann", nil)
	user := a.userID("ann")
	ops.get(paths.OperatorUser(user)).want(200).wantCount(`[data-testid="user-link"]`, 0)
	ops.get(paths.ResetPassword(user)).want(200).wantCount(`input[type="checkbox"]`, 0)

	t.Run("each can be removed, and what it signed in ends", func(t *testing.T) {
		ann.link("thief@id").wantRedirect(paths.SignInMethods())
		thief := a.browser()
		thief.viaProvider("thief@id").wantRedirect("/")
		p := ops.get(paths.OperatorUser(user)).want(200).wantCount(`[data-testid="user-link"]`, 1).wantText(`[data-testid="user-link"]`, "thief@id")
		ann.forge(paths.RemoveUserLink(user)).want(403)
		ops.submit(p, paths.RemoveUserLink(user)).wantRedirect(paths.OperatorUser(user)).follow().
			wantFlash(text("flash.user_link_removed")).wantCount(`[data-testid="user-link"]`, 0)
		thief.wantSignedIn(false)
		thief.viaProvider("thief@id").want(422).wantText(`[data-testid="login-refusal"]`, text("error.external_unknown"))
		ops.submit(p, paths.RemoveUserLink(user)).want(409).wantText(`[data-testid="conflict"]`, text("error.changed_meanwhile"))
		ops.get(paths.OperatorAudit()).wantText("main", "移除 ann 关联的外部账号")
	})
	t.Run("a reset removes them unless the box is cleared, and the second factor when asked", func(t *testing.T) {
		ann.logIn("ann", password).wantRedirect("/")
		ann.link("thief@id").wantRedirect(paths.SignInMethods())
		a.guard(ann)
		ask := ops.get(paths.ResetPassword(user)).want(200).wantCount(`input[name="links"][checked]`, 1).
			wantCount(`input[name="second_factor"]`, 1).wantCount(`input[name="second_factor"][checked]`, 0)
		ops.forge(paths.ResetPassword(user), "version", ask.fields(paths.ResetPassword(user)).Get("version")).want(200)
		ops.get(paths.OperatorUser(user)).wantCount(`[data-testid="user-link"]`, 1)
		ask = ops.get(paths.ResetPassword(user)).wantCount(`input[name="second_factor"]`, 1)
		ops.submit(ask, paths.ResetPassword(user)).want(200).wantCount(`[data-testid="setup-link"]`, 1)
		ops.get(paths.OperatorUser(user)).wantCount(`[data-testid="user-link"]`, 0)
		ask = ops.get(paths.ResetPassword(user)).wantCount(`input[name="links"]`, 0)
		ops.submit(ask, paths.ResetPassword(user), "second_factor", "yes").want(200)
		ops.get(paths.ResetPassword(user)).wantCount(`input[name="second_factor"]`, 0)
	})
}
