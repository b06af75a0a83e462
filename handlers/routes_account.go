package handlers

import "envshare/internal/paths"

// registerAccount adds what everybody sets for themselves.
func registerAccount(r routes, p pages) {
	a := Account{p}
	r.get(paths.Account(), a.show)
	r.get(paths.AccountPassword(), a.editPassword)
	r.post(paths.AccountPassword(), a.updatePassword)
	r.get(paths.Preferences(), a.preferences)

	f := SecondFactor{p}
	r.get(paths.AccountSecondFactor(), f.new)
	r.post(paths.AccountSecondFactor(), f.create)
	r.get(paths.SecondFactorSetUp(), f.setUp)
	r.post(paths.SecondFactorSetUp(), f.confirm)
	r.get(paths.SecondFactorQR(), f.picture)
	r.get(paths.RecoveryCodes(), f.confirmRenew)
	r.post(paths.RecoveryCodes(), f.renew)
	r.get(paths.EndSecondFactor(), f.confirmEnd)
	r.post(paths.EndSecondFactor(), f.end)

	s := AccountSessions{p}
	r.get(paths.AccountSessions(), s.index)
	r.post(paths.EndSession(), s.end)
	r.post(paths.EndOtherSessions(), s.endOthers)

	x := AccountExternal{p}
	r.get(paths.SignInMethods(), x.show)
	r.get(paths.LinkExternal(), x.confirmLink)
	r.post(paths.LinkExternal(), x.link)
	r.get(paths.UnlinkExternal(), x.confirmUnlink)
	r.post(paths.UnlinkExternal(), x.unlink)
}
