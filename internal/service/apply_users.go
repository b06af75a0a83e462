package service

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"envshare/models"
)

// users saves all declared users. Together they must not take the last
// administrator away from an app that has one.
func (r *applyRun) users(ctx context.Context, declared []ManifestUser) error {
	admins := map[string]int{}
	for _, u := range declared {
		for appID := range u.Apps {
			n, err := r.tx.Users.CountAdmins(ctx, appID)
			if err != nil {
				return err
			}
			admins[appID] = n
		}
	}
	for _, u := range declared {
		if err := r.user(ctx, u); err != nil {
			return fmt.Errorf("user %s: %w", u.Username, err)
		}
	}
	for _, appID := range slices.Sorted(maps.Keys(admins)) {
		if admins[appID] == 0 {
			continue
		}
		n, err := r.tx.Users.CountAdmins(ctx, appID)
		if err != nil {
			return err
		}
		if err := models.KeepsAdmin(n).Err(); err != nil {
			return fmt.Errorf("app %s: %w", appID, err)
		}
	}
	return nil
}

func (r *applyRun) user(ctx context.Context, declared ManifestUser) error {
	roles := map[string]models.Role{}
	for appID, name := range declared.Apps {
		role, err := models.ParseRole(name)
		if err != nil {
			return err
		}
		roles[appID] = role
	}
	existing, err := r.tx.Users.ByUsername(ctx, declared.Username)
	if models.IsCode(err, models.CodeNotFound) {
		return r.createUser(ctx, declared, roles)
	}
	if err != nil {
		return err
	}
	return r.changeUser(ctx, existing, declared, roles)
}

// operatorStays refuses a file that takes the office from the last operator who can
// sign in. It is asked when all users are as declared, in whatever order they are.
func (r *applyRun) operatorStays(ctx context.Context) error {
	if !r.tookOperator {
		return nil
	}
	left, err := r.tx.Users.OtherOperators(ctx, "")
	if err != nil {
		return err
	}
	return models.MayTakeOperator(r.actor, models.UserFacts{Active: true, OtherOperators: left}).Err()
}

func (r *applyRun) createUser(ctx context.Context, declared ManifestUser, roles map[string]models.Role) error {
	password := r.options.Getenv(declared.PasswordEnv)
	if declared.PasswordEnv == "" || password == "" {
		return models.E(models.CodeInvalid, "error.password_env", "variable", declared.PasswordEnv)
	}
	r.note("+", "user", declared.Username, "")
	user, err := r.accounts.newUser(ctx, declared.Username, password, declared.Operator != nil && *declared.Operator)
	if err != nil {
		return err
	}
	return r.accounts.insertUser(ctx, r.tx, r.actor, user, roles)
}

func (r *applyRun) changeUser(ctx context.Context, existing models.User, declared ManifestUser, roles map[string]models.Role) error {
	current, err := r.tx.Users.Memberships(ctx, existing.ID)
	if err != nil {
		return err
	}
	changed := map[string]models.Role{}
	for appID, role := range roles {
		if current[appID] != role {
			changed[appID] = role
		}
	}
	operator := existing.Operator
	if declared.Operator != nil {
		operator = *declared.Operator
	}
	if len(changed) == 0 && existing.Operator == operator {
		r.note("=", "user", existing.Username, "")
		return nil
	}
	r.tookOperator = r.tookOperator || existing.Operator && !operator
	r.note("~", "user", existing.Username, "")
	before := userState(existing, current)
	existing.Operator, existing.UpdatedAt = operator, r.now()
	if err := r.tx.Users.Update(ctx, existing); err != nil {
		return err
	}
	if err := setRoles(ctx, r.tx, existing.ID, changed); err != nil {
		return err
	}
	maps.Copy(current, changed)
	return record(ctx, r.tx, r.actor, r.now(), change{
		Action: models.AuditUserChanged, Subject: existing.Username, Before: before, After: userState(existing, current),
	})
}
