package handlers

import (
	"context"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/ui"
)

// auditGroups are the kinds of events to look for.
func auditGroups(ctx context.Context, chosen string) []ui.Option {
	options := []ui.Option{{Label: i18n.T(ctx, "audit.all_groups")}}
	for _, g := range models.AuditGroups() {
		options = append(options, ui.Option{Value: string(g), Label: i18n.T(ctx, g.MessageKey()), Selected: string(g) == chosen})
	}
	return options
}

// auditEnvironments are the first of the environments to look for in the log of an app. One that
// is gone, or that the address names, can be chosen too.
func auditEnvironments(ctx context.Context, found service.EnvironmentList, chosen string) []ui.Option {
	options, known := []ui.Option{{Label: i18n.T(ctx, "audit.all_environments")}}, chosen == ""
	add := func(e models.Environment, label string) {
		known = known || e.ID == chosen
		options = append(options, ui.Option{Value: e.ID, Label: label, Selected: e.ID == chosen})
	}
	for _, e := range found.Own {
		add(e, environmentLabel(e))
	}
	for _, b := range found.Borrowed {
		add(b.Environment, environmentLabel(b.Environment)+" · "+i18n.T(ctx, "environment.borrowed"))
	}
	if !known {
		options = append(options, ui.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return options
}

func environmentLabel(e models.Environment) string { return e.Name + " (" + e.ID + ")" }
