package handlers

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
)

// shareForm is the form of a share. The permissions of an environment stand in
// fields of their own, perm.<environment>.
type shareForm struct {
	To           string   `form:"to" query:"to"`
	Environments []string `form:"env"`
	Until        string   `form:"until"`
	Note         string   `form:"note"`
	Version      int      `form:"version"`
	// Adjust is what a button does to the form instead of saving it: "preview", or
	// "copy " and the environment whose permissions the others get.
	Adjust string `form:"adjust"`
	// CreateAuth is the environment in which a button creates cloudbase_auth instead
	// of saving the form.
	CreateAuth string `form:"create_auth"`

	permissions map[string]models.PermissionSet
	until       *time.Time
}

// bindShare reads the form of a share. What cannot be meant is returned as
// messages beside the fields; whether it may be done is for the service to say.
func (h Shares) bindShare(c echo.Context) (shareForm, views.Errors, error) {
	var f shareForm
	if err := form.Bind(c, &f); err != nil {
		return f, nil, err
	}
	errs := models.Fields{}
	f.permissions = map[string]models.PermissionSet{}
	for _, env := range f.Environments {
		set, err := models.ParsePermissions(c.Request().PostForm["perm."+env])
		if err != nil {
			// Beside the environment too: a forged one has no card on the form.
			errs["perm."+env], errs["env"] = models.MsgOf(err), models.MsgOf(err)
		}
		f.permissions[env] = set
	}
	var ok bool
	if f.until, ok = h.parseMinute(f.Until); !ok {
		errs.Add("until", "error.date_time")
	}
	return f, views.Errors(errs), nil
}

// minuteLayout is the value of a datetime-local input.
const minuteLayout = "2006-01-02T15:04"

// parseMinute reads the value of a datetime-local input in the console's time
// zone, nil for none. Browsers add seconds where there are any.
func (h pages) parseMinute(value string) (*time.Time, bool) {
	if value == "" {
		return nil, true
	}
	for _, layout := range []string{minuteLayout, minuteLayout + ":05"} {
		if t, err := time.ParseInLocation(layout, value, h.zone); err == nil {
			t = t.UTC()
			return &t, true
		}
	}
	return nil, false
}

// adjusted is the form after what its button does.
func (f shareForm) adjusted() shareForm {
	from, copies := strings.CutPrefix(f.Adjust, "copy ")
	set, known := f.permissions[from]
	if !copies || !known {
		return f
	}
	for env := range f.permissions {
		f.permissions[env] = set
	}
	return f
}

// share is what the form asks for, as a state of a share.
func (f shareForm) share() models.Share {
	s := models.Share{Until: f.until, Note: f.Note}
	for _, env := range f.Environments {
		s.Grants = append(s.Grants, models.Grant{EnvironmentID: env, Permissions: f.permissions[env]})
	}
	return s
}

func (f shareForm) input(grantee string) service.ShareInput {
	return service.ShareInput{GranteeAppID: grantee, Until: f.until, Note: f.Note, Version: f.Version, Grants: f.share().Grants}
}

// formOf is the form as a stored share fills it.
func (h Shares) formOf(s models.Share) shareForm {
	f := shareForm{To: s.GranteeAppID, Note: s.Note, Version: s.Version, until: s.Until, permissions: map[string]models.PermissionSet{}}
	if s.Until != nil {
		f.Until = s.Until.In(h.zone).Format(minuteLayout)
	}
	for _, g := range s.Grants {
		f.Environments = append(f.Environments, g.EnvironmentID)
		f.permissions[g.EnvironmentID] = g.Permissions
	}
	return f
}
