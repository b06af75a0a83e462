package handlers

import (
	"bytes"
	"image/png"
	"net/http"
	"slices"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/account"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// SecondFactor turns one-time codes on and off.
type SecondFactor struct{ pages }

// proofForm is what somebody proves again before the account changes.
type proofForm struct {
	Password string `form:"password" trim:"no"`
	Code     string `form:"code"`
}

// new asks for the password before a secret is made.
func (h SecondFactor) new(c echo.Context) error {
	return h.proofPage(c, http.StatusOK, proofBegin, nil)
}

func (h SecondFactor) create(c echo.Context) error {
	var f proofForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Accounts.BeginSecondFactor(c.Request().Context(), session.Actor(c), f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.proofPage(c, http.StatusUnprocessableEntity, proofBegin, fields)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, paths.SecondFactorSetUp())
}

// setUp shows the secret; without one the way leads back.
func (h SecondFactor) setUp(c echo.Context) error { return h.setUpPage(c, http.StatusOK, nil) }

func (h SecondFactor) confirm(c echo.Context) error {
	var f proofForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	codes, err := h.services.Accounts.ConfirmSecondFactor(c.Request().Context(), session.Actor(c), f.Code)
	if fields := models.FieldErrors(err); fields != nil {
		return h.setUpPage(c, http.StatusUnprocessableEntity, fields)
	}
	if models.IsCode(err, models.CodeNotFound) {
		return c.Redirect(http.StatusSeeOther, paths.Account())
	}
	if err != nil {
		return err
	}
	return h.codesPage(c, codes, true)
}

func (h SecondFactor) setUpPage(c echo.Context, status int, errs views.Errors) error {
	e, err := h.services.Accounts.Enrolment(c.Request().Context(), session.Actor(c))
	if models.IsCode(err, models.CodeNotFound) {
		return c.Redirect(http.StatusSeeOther, paths.Account())
	}
	if err != nil {
		return err
	}
	return render.Page(c, status, account.SecondFactorSetUp(account.SecondFactorSetUpPage{Base: render.Base(c, ""), Secret: e.Secret, SecretWords: grouped(e.Secret), Errors: errs}))
}

// grouped puts spaces into a secret that people type.
func grouped(secret string) string {
	var groups []string
	for chunk := range slices.Chunk([]byte(secret), 4) {
		groups = append(groups, string(chunk))
	}
	return strings.Join(groups, " ")
}

// qrSize is the width of the picture, in pixels; the page leaves white around it.
const qrSize = 480

// picture is the secret as an authenticator app's camera reads it.
func (h SecondFactor) picture(c echo.Context) error {
	e, err := h.services.Accounts.Enrolment(c.Request().Context(), session.Actor(c))
	if err != nil {
		return err
	}
	code, err := qr.Encode(e.URL, qr.M, qr.Auto)
	if err != nil {
		return err
	}
	if code, err = barcode.Scale(code, qrSize, qrSize); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "image/png", b.Bytes())
}

func (h SecondFactor) confirmRenew(c echo.Context) error {
	return h.proofPage(c, http.StatusOK, proofRenew, nil)
}

func (h SecondFactor) renew(c echo.Context) error {
	var f proofForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	codes, err := h.services.Accounts.RenewRecoveryCodes(c.Request().Context(), session.Actor(c), f.Password, f.Code)
	if fields := models.FieldErrors(err); fields != nil {
		return h.proofPage(c, http.StatusUnprocessableEntity, proofRenew, fields)
	}
	if err != nil {
		return err
	}
	return h.codesPage(c, codes, false)
}

// codesPage shows recovery codes, this once: only their digests are kept.
func (h SecondFactor) codesPage(c echo.Context, codes []string, first bool) error {
	return render.Page(c, http.StatusOK, account.RecoveryCodes(account.RecoveryCodesPage{Base: render.Base(c, ""), Codes: codes, Lines: strings.Join(codes, "\n"), First: first}))
}

func (h SecondFactor) confirmEnd(c echo.Context) error {
	return h.proofPage(c, http.StatusOK, proofEnd, nil)
}

func (h SecondFactor) end(c echo.Context) error {
	var f proofForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Accounts.EndSecondFactor(c.Request().Context(), session.Actor(c), f.Password, f.Code)
	if fields := models.FieldErrors(err); fields != nil {
		return h.proofPage(c, http.StatusUnprocessableEntity, proofEnd, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Account(), "flash.second_factor_off")
}

// proof is one of the questions for password and code: what it is for, and whether
// it belongs to a second factor that is on.
type proof struct {
	of account.ProofPage
	on bool
}

var (
	proofBegin = proof{of: account.ProofPage{Title: "second_factor.begin_title", Text: "second_factor.begin_text", Submit: "second_factor.begin", Action: paths.AccountSecondFactor()}}
	proofRenew = proof{on: true, of: account.ProofPage{Title: "second_factor.renew_title", Text: "second_factor.renew_text", Submit: "second_factor.renew", Action: paths.RecoveryCodes()}}
	proofEnd   = proof{on: true, of: account.ProofPage{Title: "second_factor.end_title", Text: "second_factor.end_text", Submit: "second_factor.end", Action: paths.EndSecondFactor(), Danger: true}}
)

// proofPage asks; where the second factor is not as the question needs it, the way
// leads back.
func (h SecondFactor) proofPage(c echo.Context, status int, p proof, errs views.Errors) error {
	ctx, actor := c.Request().Context(), session.Actor(c)
	user, err := h.services.Accounts.OwnAccount(ctx, actor)
	if err != nil {
		return err
	}
	state, err := h.services.Accounts.SecondFactor(ctx, actor)
	if err != nil {
		return err
	}
	if state.On != p.on {
		return c.Redirect(http.StatusSeeOther, paths.Account())
	}
	page := p.of
	page.Base, page.Errors, page.Back = render.Base(c, ""), errs, paths.Account()
	page.AskPassword, page.AskCode = user.PasswordHash != "", p.on
	return render.Page(c, status, account.Proof(page))
}
