package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/shares"
	"envshare/web/session"
)

func (h Shares) edit(c echo.Context) error {
	p, s, err := h.lent(c)
	if err != nil {
		return err
	}
	return h.form(c, http.StatusOK, p, h.formOf(s.Share), h.editPage(p, s))
}

// editPage is what the form of a stored share shows beside its fields.
func (h Shares) editPage(p place, s service.ListedShare) shares.FormPage {
	stored := h.snapshot(s.Share, s.Environments)
	return shares.FormPage{
		ShareID: s.Share.ID, Stored: &stored,
		Grantee: &shares.Grantee{AppRef: appRef(s.Other, s.OtherActivated), Principal: p.Principal.Name},
	}
}

// update changes a share. Who changed it on an older state than the stored one
// is told, and keeps what was typed; so does who changed one that ended meanwhile.
func (h Shares) update(c echo.Context) error {
	f, errs, err := h.bindShare(c)
	if err != nil {
		return err
	}
	p, s, err := h.lent(c)
	if models.IsCode(err, models.CodeNotFound) && f.To != "" && f.Version > 0 {
		return h.ended(c, f)
	}
	if err != nil {
		return err
	}
	if f.Version < 1 {
		return models.E(models.CodeInvalid, "error.form_malformed")
	}
	f.To = s.Share.GranteeAppID
	page := h.editPage(p, s)
	if f.Until == page.Stored.UntilValue {
		f.until = s.Share.Until // to the second, which the form does not show
	}
	if f.CreateAuth != "" {
		if err := h.createAuth(c, f.CreateAuth); err != nil {
			return err
		}
		page.AuthCreated, page.Errors = f.CreateAuth, errs
		return h.form(c, http.StatusOK, p, f, page)
	}
	if f.Adjust != "" {
		page.Errors = errs
		return h.form(c, http.StatusOK, p, f.adjusted(), page)
	}
	if len(errs) > 0 {
		page.Errors = errs
		return h.form(c, http.StatusUnprocessableEntity, p, f, page)
	}
	_, err = h.services.Sharing.Share(c.Request().Context(), session.Actor(c), p.App.AppID, f.input(f.To))
	if page.Errors = models.FieldErrors(err); page.Errors != nil {
		return h.form(c, http.StatusUnprocessableEntity, p, f, page)
	}
	if models.IsCode(err, models.CodeConflict) && p.SharingOn {
		return h.conflicted(c, f)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Shares(p.App.AppID), "flash.share_changed", "name", s.Other.Name)
}
