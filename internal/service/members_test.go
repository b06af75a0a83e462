package service

import (
	"strings"
	"testing"
	"time"

	"envshare/models"
)

// invite makes an invitation to shop and returns it with the token of its link.
func (w *world) invite(t testing.TB, actor models.Actor, role models.Role, days int) (models.Invitation, string) {
	t.Helper()
	i, token, err := w.Members.Invite(t.Context(), actor, shop, models.NewInvitation{Role: role, Days: days})
	must(t, err)
	return i, token
}

func (w *world) role(t testing.TB, user string) models.Role {
	t.Helper()
	r, err := w.store.Users.Role(t.Context(), user, shop)
	must(t, err)
	return r
}

func TestMembersAreListedWithWhatMayBeDone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		list, err := w.Members.List(ctx, shopDeveloper, shop, "", models.PageRequest{})
		must(t, err)
		got := map[string]string{}
		for _, m := range list.Members {
			got[m.Username] = strings.Join([]string{m.Role.String(), m.MayChange.Msg.Key, m.MayRemove.Msg.Key}, " ")
		}
		same(t, map[string]string{
			"shop-admin": "admin error.role_needed error.role_needed", "shop-developer": "developer error.role_needed ",
			"shop-viewer": "viewer error.role_needed error.role_needed",
		}, got)
		same(t, "error.role_needed", list.MayInvite.Msg.Key)
		_, err = w.Members.List(ctx, outsider, shop, "", models.PageRequest{})
		wantError(t, err, models.CodeNotFound, "error.not_found")
		_, err = w.Members.Get(ctx, shopAdmin, shop, "diner-admin")
		wantError(t, err, models.CodeNotFound, "error.not_found")
	})
}

func TestRolesChange(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const viewer, developer, admin = models.RoleViewer, models.RoleDeveloper, models.RoleAdmin
		wantError(t, w.Members.Change(ctx, shopAdmin, shop, "shop-admin", admin, viewer), models.CodeConflict, "error.last_admin")
		wantError(t, w.Members.Remove(ctx, shopAdmin, shop, "shop-admin"), models.CodeConflict, "error.last_admin")
		wantError(t, w.Members.Change(ctx, shopDeveloper, shop, "shop-developer", developer, admin), models.CodeForbidden, "error.own_role")
		wantError(t, w.Members.Change(ctx, shopDeveloper, shop, "shop-viewer", viewer, developer), models.CodeForbidden, "error.role_needed")
		wantError(t, w.Members.Change(ctx, shopAdmin, shop, "outsider", viewer, admin), models.CodeNotFound, "error.not_found")
		wantField(t, w.Members.Change(ctx, shopAdmin, shop, "shop-viewer", viewer, models.RoleNone), "role", "error.required")
		wantError(t, w.Members.Change(ctx, shopAdmin, shop, "shop-viewer", developer, admin), models.CodeConflict, "error.member_changed")

		must(t, w.Members.Change(ctx, shopAdmin, shop, "shop-viewer", viewer, admin))
		must(t, w.Members.Change(ctx, shopAdmin, shop, "shop-viewer", viewer, admin)) // sent twice
		same(t, admin, w.role(t, "shop-viewer"))
		must(t, w.Members.Remove(ctx, shopDeveloper, shop, "shop-developer")) // leaves
		must(t, w.Members.Remove(ctx, shopViewer, shop, "shop-admin"))
		wantError(t, w.Members.Remove(ctx, shopViewer, shop, "shop-viewer"), models.CodeConflict, "error.last_admin")
		_, err := w.Apps.Console(ctx, shopAdmin, shop)
		wantError(t, err, models.CodeNotFound, "error.not_found")
		events := w.audit(t, shop)
		same(t, []string{"member.changed", "member.removed", "member.removed"}, lastActions(events, 3))
		e := events[len(events)-3]
		same(t, []string{"shop-viewer", `{"role":"viewer"}`, `{"role":"admin"}`, "shop-admin"}, []string{e.Subject, e.Before, e.After, e.ActorName})
	})
}

// Two administrators who take each other's office at the same moment do not leave
// the app without one.
func TestAnAppKeepsAnAdministrator(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Members.Change(ctx, shopAdmin, shop, "shop-developer", models.RoleDeveloper, models.RoleAdmin))
		people := []models.Actor{shopAdmin, shopDeveloper}
		atOnce(8, func(i int) error {
			if i%4 < 2 {
				return w.Members.Change(ctx, people[i%2], shop, people[1-i%2].UserID, models.RoleAdmin, models.RoleViewer)
			}
			return w.Members.Remove(ctx, people[i%2], shop, people[i%2].UserID)
		})
		n, err := w.store.Users.CountAdmins(ctx, shop)
		must(t, err)
		same(t, 1, n)
	})
}

func TestApplyKeepsAnAdministrator(t *testing.T) {
	w := sqliteWorld(t)
	for text, ok := range map[string]bool{
		"users: [{username: shop-admin, apps: {" + shop + ": viewer}}]":                                                          false,
		"users: [{username: shop-admin, apps: {" + shop + ": viewer}}, {username: shop-developer, apps: {" + shop + ": admin}}]": true,
	} {
		m, err := ParseManifest(strings.NewReader(text))
		must(t, err)
		_, err = w.Manifests.Apply(t.Context(), system, m, ApplyOptions{DryRun: true})
		if (err == nil) != ok || err != nil && models.MsgOf(err).Key != "error.last_admin" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestInvitation(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for _, actor := range []models.Actor{shopDeveloper, shopViewer} {
			_, _, err := w.Members.Invite(ctx, actor, shop, models.NewInvitation{Role: models.RoleViewer, Days: 1})
			wantError(t, err, models.CodeForbidden, "error.role_needed")
		}
		for _, days := range []int{0, 2, 8, -1, 1 << 40} {
			_, _, err := w.Members.Invite(ctx, shopAdmin, shop, models.NewInvitation{Role: models.RoleViewer, Days: days})
			wantField(t, err, "days", "error.invitation_days")
		}
		_, _, err := w.Members.Invite(ctx, shopAdmin, shop, models.NewInvitation{Days: 1})
		wantField(t, err, "role", "error.required")

		i, token := w.invite(t, shopAdmin, models.RoleDeveloper, 3)
		offered, err := w.Members.Offered(ctx, models.Actor{}, token)
		must(t, err)
		same(t, []any{shop, models.RoleDeveloper, "shop-admin", w.now().AddDate(0, 0, 3), true},
			[]any{offered.App.AppID, offered.Role, offered.InvitedByName, offered.ExpiresAt, offered.May.Allowed})
		w.wantNoSecret(t, token)
		_, err = w.Members.Accept(ctx, models.Actor{}, token)
		wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")

		accepted, err := w.Members.Accept(ctx, outsider, token)
		must(t, err)
		same(t, i.ID, accepted.ID)
		same(t, models.RoleDeveloper, w.role(t, "outsider"))
		events := w.audit(t, shop)
		same(t, []string{"invitation.created", "invitation.accepted"}, lastActions(events, 2))
		same(t, []string{"outsider", i.ID}, []string{events[len(events)-1].ActorName, events[len(events)-1].Subject})

		t.Run("works once", func(t *testing.T) {
			must(t, w.Members.Remove(ctx, shopAdmin, shop, "outsider"))
			for _, actor := range []models.Actor{outsider, dinerAdmin} {
				_, err := w.Members.Accept(ctx, actor, token)
				wantError(t, err, models.CodeNotFound, "error.invitation_accepted")
			}
			same(t, models.RoleNone, w.role(t, "outsider"))
		})
	})
}

// wantNoSecret looks for a token in all that was stored.
func (w *world) wantNoSecret(t *testing.T, token string) {
	t.Helper()
	var digests, states string
	row := w.raw(t).QueryRowContext(t.Context(), "SELECT (SELECT max(digest) FROM invitations), (SELECT max(state_after) FROM audit_events WHERE action = 'invitation.created')")
	must(t, row.Scan(&digests, &states))
	if len(digests) != 64 || strings.Contains(digests+states, token) || strings.Contains(states, digests) {
		t.Errorf("stored %s and %s", digests, states)
	}
}

func TestInvitationsThatAreOver(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		refused := func(token, key string) {
			t.Helper()
			_, err := w.Members.Offered(ctx, models.Actor{}, token)
			wantError(t, err, models.CodeNotFound, key)
			_, err = w.Members.Accept(ctx, outsider, token)
			wantError(t, err, models.CodeNotFound, key)
			_, _, err = w.Members.AcceptAsNew(ctx, models.Actor{IP: "192.0.2.1"}, token, "newcomer", "a long password")
			wantError(t, err, models.CodeNotFound, key)
			same(t, models.RoleNone, w.role(t, "outsider"))
		}
		i, token := w.invite(t, shopAdmin, models.RoleViewer, 1)
		for _, unknown := range []string{"", "x", i.ID, i.Digest, strings.Repeat("x", 1<<20), token + " ", strings.ToLower(token)} {
			refused(unknown, "error.invitation_unknown")
		}

		wantError(t, w.Members.RevokeInvitation(ctx, shopDeveloper, shop, i.ID), models.CodeForbidden, "error.role_needed")
		wantError(t, w.Members.RevokeInvitation(ctx, dinerAdmin, diner, i.ID), models.CodeNotFound, "error.not_found")
		must(t, w.Members.RevokeInvitation(ctx, shopAdmin, shop, i.ID))
		wantError(t, w.Members.RevokeInvitation(ctx, shopAdmin, shop, i.ID), models.CodeConflict, "error.invitation_not_open")
		refused(token, "error.invitation_revoked")

		_, token = w.invite(t, shopAdmin, models.RoleViewer, 1)
		w.clock.advance(24*time.Hour - time.Millisecond)
		_, err := w.Members.Offered(ctx, models.Actor{}, token)
		must(t, err)
		w.clock.advance(time.Millisecond)
		refused(token, "error.invitation_expired")

		_, token = w.invite(t, shopAdmin, models.RoleAdmin, 7)
		must(t, w.Members.Change(ctx, shopAdmin, shop, "shop-developer", models.RoleDeveloper, models.RoleAdmin))
		must(t, w.Members.Remove(ctx, shopDeveloper, shop, "shop-admin"))
		refused(token, "error.invitation_revoked")
		must(t, w.store.Users.SetMembership(ctx, models.Membership{UserID: "shop-admin", AppID: shop, Role: models.RoleAdmin}))
		refused(token, "error.invitation_revoked") // it does not come back with its maker

		// Another way out, which does not know of invitations.
		_, token = w.invite(t, shopAdmin, models.RoleAdmin, 7)
		must(t, w.store.Users.RemoveMembership(ctx, "shop-admin", shop))
		refused(token, "error.invitation_revoked")
	})
}

func TestAnInvitationTakesNoRoleAway(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	_, token := w.invite(t, shopAdmin, models.RoleViewer, 1)
	for _, actor := range []models.Actor{shopAdmin, shopDeveloper, shopViewer} {
		_, err := w.Members.Accept(ctx, actor, token)
		wantError(t, err, models.CodeConflict, "error.invitation_member")
	}
	same(t, []models.Role{models.RoleAdmin, models.RoleDeveloper}, []models.Role{w.role(t, "shop-admin"), w.role(t, "shop-developer")})
	_, err := w.Members.Accept(ctx, outsider, token) // it is still open
	must(t, err)
}

func TestOneOfManyAcceptsAnInvitation(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		before, err := w.store.Users.Members(ctx, shop, "", models.PageRequest{})
		must(t, err)
		_, token := w.invite(t, shopAdmin, models.RoleAdmin, 1)
		people := []models.Actor{outsider, dinerAdmin, dinerViewer, kitchenAdmin}
		won := 0
		for _, err := range atOnce(8, func(i int) error {
			if i < 4 {
				_, err := w.Members.Accept(ctx, people[i], token)
				return err
			}
			_, _, err := w.Members.AcceptAsNew(ctx, models.Actor{}, token, "newcomer-"+string(rune('a'+i)), "a long password")
			return err
		}) {
			if err == nil {
				won++
			} else if !models.IsCode(err, models.CodeNotFound) {
				t.Error(err)
			}
		}
		after, err := w.store.Users.Members(ctx, shop, "", models.PageRequest{})
		must(t, err)
		same(t, []int{1, len(before) + 1}, []int{won, len(after)})
		users, err := w.store.Users.Count(ctx)
		must(t, err)
		if users > int64(len(roles)+1) {
			t.Errorf("%d users: who lost has an account", users)
		}
	})
}

func TestAcceptingWithoutAnAccount(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, token := w.invite(t, shopAdmin, models.RoleDeveloper, 1)
		anybody := models.Actor{IP: "192.0.2.9", Via: "console", Operator: true}
		for name, c := range map[string]struct{ username, password, field, key string }{
			"no name":          {"", "a long password", "username", "error.username"},
			"a short password": {"newcomer", "short", "password", "error.password_short"},
			"a name of others": {"shop-admin", "a long password", "username", "error.username_taken"},
		} {
			_, _, err := w.Members.AcceptAsNew(ctx, anybody, token, c.username, c.password)
			if fields := models.FieldErrors(err); fields[c.field].Key != c.key {
				t.Errorf("%s: %v", name, err)
			}
		}
		user, i, err := w.Members.AcceptAsNew(ctx, anybody, token, "newcomer", "a long password")
		must(t, err)
		same(t, []any{"newcomer", false, shop}, []any{user.Username, user.Operator, i.AppID})
		same(t, models.RoleDeveloper, w.role(t, user.ID))
		signedIn, err := w.Accounts.SignIn(ctx, models.Actor{}, "newcomer", "a long password")
		must(t, err)
		same(t, user.ID, signedIn.User.ID)
		_, _, err = w.Members.AcceptAsNew(ctx, anybody, token, "another", "a long password")
		wantError(t, err, models.CodeNotFound, "error.invitation_accepted")
	})
}

func TestOpenInvitationsAreBounded(t *testing.T) {
	w := sqliteWorld(t)
	var last models.Invitation
	for range maxOpenInvitations {
		last, _ = w.invite(t, shopAdmin, models.RoleViewer, 1)
	}
	_, _, err := w.Members.Invite(t.Context(), shopAdmin, shop, models.NewInvitation{Role: models.RoleViewer, Days: 1})
	wantError(t, err, models.CodeLimited, "error.invitations_many")
	must(t, w.Members.RevokeInvitation(t.Context(), shopAdmin, shop, last.ID))
	w.invite(t, shopAdmin, models.RoleViewer, 1)
	list, err := w.Members.List(t.Context(), shopAdmin, shop, "", models.PageRequest{})
	must(t, err)
	same(t, shownInvitations, len(list.Invitations))
}
