package models_test

import (
	"testing"
	"time"

	"envshare/models"
)

func TestWhatOperatorsMay(t *testing.T) {
	operator, system := models.Actor{UserID: "o", Operator: true}, models.SystemActor("test")
	member, nobody := models.Actor{UserID: "m"}, models.Actor{}
	last := models.UserFacts{Active: true}
	for name, c := range map[string]struct {
		d    models.Decision
		code models.Code
	}{
		"take the office, others stay":                  {models.MayTakeOperator(operator, models.UserFacts{Active: true, OtherOperators: 1}), ""},
		"take the office of the last one":               {models.MayTakeOperator(operator, last), models.CodeConflict},
		"a command takes the office of the last one":    {models.MayTakeOperator(system, last), models.CodeConflict},
		"change somebody who is none":                   {models.MayTakeOperator(operator, models.UserFacts{}), ""},
		"a member":                                      {models.MayTakeOperator(member, models.UserFacts{}), models.CodeForbidden},
		"nobody":                                        {models.MayTakeOperator(nobody, models.UserFacts{}), models.CodeUnauthenticated},
		"delete an empty principal":                     {models.MayDeletePrincipal(operator, 0), ""},
		"delete a principal with apps":                  {models.MayDeletePrincipal(operator, 1), models.CodeConflict},
		"a member deletes a principal":                  {models.MayDeletePrincipal(member, 0), models.CodeForbidden},
		"nobody deletes a principal":                    {models.MayDeletePrincipal(nobody, 0), models.CodeUnauthenticated},
		"move an app without shares":                    {models.MayMoveApp(models.App{PrincipalID: "a"}, models.App{PrincipalID: "b"}, 0), ""},
		"move an app with shares":                       {models.MayMoveApp(models.App{PrincipalID: "a"}, models.App{PrincipalID: "b"}, 1), models.CodeConflict},
		"keep an app with shares where it is":           {models.MayMoveApp(models.App{PrincipalID: "a"}, models.App{PrincipalID: "a"}, 1), ""},
		"sign in":                                       {models.MaySignIn(models.User{}), ""},
		"sign in disabled":                              {models.MaySignIn(models.User{DisabledAt: new(time.Time)}), models.CodeForbidden},
		"a viewer reads the log":                        {models.MayReadAuditLog(models.Standing{Actor: member, Role: models.RoleViewer}), ""},
		"a stranger does not learn that there is a log": {models.MayReadAuditLog(models.Standing{Actor: operator}), models.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if got := models.CodeOf(c.d.Err()); got != c.code {
				t.Errorf("code %q, want %q", got, c.code)
			}
		})
	}
}
