package admin_test

import (
	"testing"

	"envshare/internal/testkit"
	"envshare/models"
)

// A deleted environment is closed to code at once: to its own app's credentials, to
// sessions of borrowers, and to new handshakes. What else the apps have goes on.
func TestADeletedEnvironmentIsClosedToCode(t *testing.T) {
	w := dataWorld(t)
	borrowed(t, w, models.Permissions()...)
	if err := w.Documents.CreateCollection(t.Context(), "b-main", "todos"); err != nil {
		t.Fatal(err)
	}
	a, _ := w.Credential(t, appA, "a-main")
	b, _ := w.Credential(t, appB, "b-main")
	other, _ := w.Credential(t, appB, "b-other")
	session := w.session(t, a, appB, "b-main")
	for _, action := range dataActions {
		if got := w.data(t, session, "b-main", action.name, action.params); got.Code != "" {
			t.Fatalf("%s before: %s", action.name, got.text)
		}
	}

	if err := w.Services.Environments.Delete(t.Context(), testkit.Actor, appB, "b-main", "b-main"); err != nil {
		t.Fatal(err)
	}
	for _, action := range dataActions {
		for name, got := range map[string]answer{
			"a session":                         w.data(t, session, "b-main", action.name, action.params),
			"its own credential":                w.data(t, b, "b-main", action.name, action.params),
			"its own credential, elsewhere":     w.data(t, b, "b-other", action.name, action.params),
			"a credential of the app":           w.data(t, other, "b-main", action.name, action.params),
			"a credential of the borrowing app": w.data(t, a, "b-main", action.name, action.params),
		} {
			if got.Code == "" {
				t.Errorf("%s by %s: %s", action.name, name, got.text)
			}
		}
	}
	denied(t, w.call(t, session, "b-main", "cloudbase_auth", "{}"), "-601012")
	if got := w.handshake(t, a, appB, "b-main"); got.ErrCode != "-601012" {
		t.Errorf("a new handshake: %s", got.text)
	}
	if got := w.data(t, other, "b-other", "database.startTransaction", nil); got.Code != "" {
		t.Errorf("another environment of the app: %s", got.text)
	}
}
