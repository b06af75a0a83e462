package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/shares"
	"envshare/web/render"
	"envshare/web/session"
)

func (h Shares) pause(c echo.Context) error {
	return h.manage(c, h.services.Sharing.Pause, "flash.share_paused")
}

func (h Shares) resume(c echo.Context) error {
	return h.manage(c, h.services.Sharing.Resume, "flash.share_resumed")
}

// delete removes a share from the owner's side.
func (h Shares) delete(c echo.Context) error {
	return h.manage(c, h.services.Sharing.Remove, "flash.share_removed")
}

// manage does something to an outgoing share that needs no form.
func (h Shares) manage(c echo.Context, do func(ctx context.Context, actor models.Actor, app, share string) error, flash string) error {
	app := c.Param(appParam)
	if err := do(c.Request().Context(), session.Actor(c), app, c.Param(shareParam)); err != nil {
		return err
	}
	return done(c, paths.Shares(app), flash)
}

// confirmPause shows who used the share lately, before it rests (S15).
func (h Shares) confirmPause(c echo.Context) error {
	p, s, err := h.lent(c)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, shares.Pause(shares.PausePage{
		Base: h.base(c, p, tabSharing), AppID: p.App.AppID, ShareID: s.Share.ID,
		Grantee: appRef(s.Other, s.OtherActivated), Grants: grantRows(p.App.AppID, s, true), Impact: h.impact(s.Usage),
	}))
}

// confirmDelete shows who used the share lately, before it ends (S15).
func (h Shares) confirmDelete(c echo.Context) error {
	p, s, err := h.lent(c)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, shares.Delete(shares.DeletePage{
		Base: h.base(c, p, tabSharing), AppID: p.App.AppID, ShareID: s.Share.ID,
		Grantee: appRef(s.Other, s.OtherActivated), Grants: grantRows(p.App.AppID, s, true), Impact: h.impact(s.Usage),
		ClosesEntry: !s.OtherActivated, CanPause: s.Status == models.ShareActive,
	}))
}

// confirmLeave shows what the app loses by leaving a share (S12).
func (h Shares) confirmLeave(c echo.Context) error {
	p, s, err := h.find(c)
	if err != nil {
		return err
	}
	if err := s.MayLeave.Err(); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, shares.Leave(shares.LeavePage{
		Base: h.base(c, p, tabSharing), AppID: p.App.AppID, ShareID: s.Share.ID,
		Owner: appRef(s.Other, s.OtherActivated), Grants: grantRows(p.App.AppID, s, false), Impact: h.impact(s.Usage),
		ClosesEntry: lastShare(p, s.Share.ID),
	}))
}

// lastShare reports whether a share is all that keeps an app's console open.
func lastShare(p place, share string) bool {
	for _, b := range p.Borrowed {
		if b.Share.ID != share {
			return false
		}
	}
	return !p.Activated
}

// leave ends a share from the grantee's side. Without it the app may have no
// console any more, so the way then leads to the list of apps, which always opens.
func (h Shares) leave(c echo.Context) error {
	ctx, actor, app := c.Request().Context(), session.Actor(c), c.Param(appParam)
	if err := h.services.Sharing.Leave(ctx, actor, app, c.Param(shareParam)); err != nil {
		return err
	}
	console, err := h.services.Apps.Console(ctx, actor, app)
	if err != nil {
		return err
	}
	if !console.MayOpen.Allowed {
		return done(c, paths.Apps(), "flash.share_left")
	}
	return done(c, paths.SharesWithMe(app), "flash.share_left")
}
