package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/rules"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// AccessRules edits and tries the security rules of collections, of the bucket, or
// of function calls.
type AccessRules struct {
	pages
	kind models.RuleKind
}

type ruleForm struct {
	Preset  models.Preset `form:"preset"`
	Text    string        `form:"text"`
	Version string        `form:"version"`

	Caller    string `form:"caller"`
	OpenID    string `form:"openid"`
	UnionID   string `form:"unionid"`
	AppID     string `form:"appid"`
	Custom    string `form:"custom"`
	Operation string `form:"operation"`
	Query     string `form:"query"`
	Stages    string `form:"stages"`
	ID        string `form:"id"`
	Data      string `form:"data"`
	Owner     string `form:"owner"`
	Function  string `form:"function"`
}

// rules are those to save: presets have no text of their own.
func (f ruleForm) rules() string {
	if f.Preset != models.PresetCustom {
		return ""
	}
	return f.Text
}

// rulePlace is a place with the rule that a page is about.
type rulePlace struct {
	place
	target  service.RuleTarget
	address string
}

// enterRule opens the environment for a page of a rule, which the people see who
// see what it guards.
func (h AccessRules) enterRule(c echo.Context) (rulePlace, error) {
	p, err := h.open(c)
	if err != nil {
		return rulePlace{}, err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	at := rulePlace{place: p, target: service.RuleTarget{Kind: h.kind, Name: name}}
	switch h.kind {
	case models.RuleBucket:
		at.address = paths.BucketRules(app, env)
		return at, p.opened.May(models.StorageView).Err()
	case models.RuleFunctions:
		at.address = paths.FunctionRules(app, env)
		return at, p.opened.May(models.SettingsView).Err()
	}
	at.address = paths.CollectionRules(app, env, name)
	list, err := h.services.Documents.Collections(c.Request().Context(), session.Actor(c), app, env)
	if err != nil {
		return at, err
	}
	for _, one := range list {
		if one.Name == name {
			return at, nil
		}
	}
	return at, models.E(models.CodeNotFound, "error.not_found")
}

// submitted opens the place of a form, and reads it.
func (h AccessRules) submitted(c echo.Context) (rulePlace, ruleForm, error) {
	at, err := h.enterRule(c)
	if err != nil {
		return rulePlace{}, ruleForm{}, err
	}
	if err := at.opened.MayConfigure().Err(); err != nil {
		return rulePlace{}, ruleForm{}, err
	}
	var f ruleForm
	err = form.Bind(c, &f)
	if h.kind == models.RuleFunctions {
		f.Preset = models.PresetCustom
	}
	return at, f, err
}

func (h AccessRules) show(c echo.Context) error {
	at, err := h.enterRule(c)
	if err != nil {
		return err
	}
	page, err := h.page(c, at, nil)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, rules.Rule(page))
}

func (h AccessRules) save(c echo.Context) error {
	at, f, err := h.submitted(c)
	if err != nil {
		return err
	}
	err = h.services.Access.SaveRule(c.Request().Context(), session.Actor(c), at.App.AppID, at.environmentID(), at.target, f.Preset, f.rules())
	if models.IsCode(err, models.CodeInvalid) {
		return h.refused(c, at, f, err)
	}
	if err != nil {
		return err
	}
	return done(c, at.address, "flash.rule_saved")
}

// refused answers with the rule as it was written, and where it is wrong.
func (h AccessRules) refused(c echo.Context, at rulePlace, f ruleForm, err error) error {
	page, failed := h.page(c, at, &f)
	if failed != nil {
		return failed
	}
	page.Problem = problem(c.Request().Context(), f, err)
	return render.Fragment(c, http.StatusUnprocessableEntity, rules.Rule(page), rules.Check(page))
}

// check says whether a rule that is being written is right.
func (h AccessRules) check(c echo.Context) error {
	at, f, err := h.submitted(c)
	if err != nil {
		return err
	}
	if render.WantsFragment(c) && h.kind != models.RuleFunctions {
		f.Preset = models.PresetCustom // what is typed is checked, whatever is chosen
	}
	text, err := h.services.Access.CheckRule(c.Request().Context(), session.Actor(c), at.App.AppID, at.environmentID(), at.target, f.Preset, f.rules())
	if models.IsCode(err, models.CodeInvalid) {
		return h.refused(c, at, f, err)
	}
	if err != nil {
		return err
	}
	page, err := h.page(c, at, &f)
	if err != nil {
		return err
	}
	page.Checked = text
	return render.Fragment(c, http.StatusOK, rules.Rule(page), rules.Check(page))
}

func (h AccessRules) restore(c echo.Context) error {
	at, f, err := h.submitted(c)
	if err != nil {
		return err
	}
	err = h.services.Access.RestoreRule(c.Request().Context(), session.Actor(c), at.App.AppID, at.environmentID(), at.target, f.Version)
	if err != nil {
		return err
	}
	return done(c, at.address, "flash.rule_restored")
}
