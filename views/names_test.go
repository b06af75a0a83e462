package views_test

import (
	"testing"

	"envshare/internal/i18n"
	"envshare/models"
)

func TestValuesHaveNames(t *testing.T) {
	var keys []string
	for _, p := range models.Permissions() {
		keys = append(keys, p.MessageKey())
	}
	for _, r := range []models.Role{models.RoleViewer, models.RoleDeveloper, models.RoleAdmin} {
		keys = append(keys, r.MessageKey())
	}
	for _, k := range []models.AppKind{models.MiniProgram, models.OfficialAccount} {
		keys = append(keys, "app_kind."+string(k))
	}
	for _, s := range []models.InvocationTrigger{
		models.TriggerConsole, models.TriggerFunction, models.TriggerCrossAccount, models.TriggerHandshake, models.TriggerCredential,
	} {
		keys = append(keys, "invocation_source."+string(s))
	}
	for _, s := range []models.InvocationStatus{models.InvocationFailed, models.InvocationTimedOut, models.InvocationOutOfMemory, models.InvocationOverloaded} {
		keys = append(keys, "invocation_status."+string(s))
	}
	for _, key := range keys {
		for _, locale := range []string{i18n.Chinese, i18n.English} {
			if i18n.Text(locale, key, nil) == key {
				t.Errorf("%s has no text for %s", locale, key)
			}
		}
	}
}
