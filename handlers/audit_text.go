package handlers

import (
	"context"
	"strconv"
	"strings"
	"time"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/audit"
)

// auditReader puts events into words, as they are read from one log.
type auditReader struct {
	pages
	app     string // whose log it is, "" for the installation's
	address string // of the log
	// environments and apps are the names that may be shown, by id.
	environments map[string]string
	apps         map[string]models.App
}

func (r auditReader) row(ctx context.Context, e models.AuditEvent) audit.Row {
	return audit.Row{
		Href: paths.AuditEvent(r.address, e.ID), When: r.second(e.At), Actor: auditActor(ctx, e), Via: auditVia(ctx, e.Via), IP: e.IP,
		Sentence: r.sentence(ctx, e), Group: i18n.T(ctx, e.Action.Group().MessageKey()),
		EnvironmentID: e.EnvironmentID, Environment: r.environments[e.EnvironmentID], OtherSide: r.otherSide(ctx, e),
	}
}

func (r auditReader) event(ctx context.Context, e models.AuditEvent) audit.EventView {
	v := audit.EventView{Row: r.row(ctx, e), ID: e.ID, Log: r.address, RequestID: e.RequestID, Zone: r.zoneName()}
	for _, change := range e.Changes() {
		v.Differences = append(v.Differences, r.difference(ctx, change))
	}
	return v
}

// sentence says what was done.
func (r auditReader) sentence(ctx context.Context, e models.AuditEvent) string {
	key := e.Action.MessageKey()
	text := i18n.T(ctx, key, "subject", r.subject(ctx, e), "owner", r.appName(e.AppID), "grantee", r.appName(e.OtherAppID))
	if text == key { // recorded by another version of the programme
		return i18n.T(ctx, "audit.unknown_action")
	}
	return text
}

// subject is what was changed, by the name that people know it by.
func (r auditReader) subject(ctx context.Context, e models.AuditEvent) string {
	switch e.Action.Noun() {
	case "rule":
		kind, name, _ := strings.Cut(e.Subject, "/")
		switch models.RuleKind(kind) {
		case models.RuleCollection:
			return i18n.T(ctx, "audit.rule_collection", "name", name)
		case models.RuleBucket:
			return i18n.T(ctx, "audit.rule_bucket")
		case models.RuleFunctions:
			return i18n.T(ctx, "audit.rule_functions")
		}
	case "environment", "clients":
		return r.environmentName(e.Subject)
	case "app", "sharing":
		return r.appName(e.AppID)
	}
	return e.Subject
}

func (r auditReader) appName(id string) string {
	if app, ok := r.apps[id]; ok {
		return app.Name
	}
	return id
}

func (r auditReader) environmentName(id string) string {
	if name := r.environments[id]; name != "" {
		return name
	}
	return id
}

// otherSide names the other app of an event that two concern, except where the
// sentence does.
func (r auditReader) otherSide(ctx context.Context, e models.AuditEvent) string {
	switch {
	case e.OtherAppID == "" || e.Action.Noun() == "share":
		return ""
	case e.OtherAppID == r.app:
		return i18n.T(ctx, "audit.in_environment_of", "app", r.appName(e.AppID))
	}
	return i18n.T(ctx, "audit.by_borrower", "app", r.appName(e.OtherAppID))
}

// auditActor names who did it; a sign-in that was refused was nobody's.
func auditActor(ctx context.Context, e models.AuditEvent) string {
	if e.ActorName == "" {
		return i18n.T(ctx, "audit.nobody")
	}
	return e.ActorName
}

// auditVia says by which way it was done, "" for one that has no name.
func auditVia(ctx context.Context, via string) string {
	switch via {
	case "console":
		return i18n.T(ctx, "audit.via_console")
	case "command", "apply":
		return i18n.T(ctx, "audit.via_command")
	}
	return ""
}

func (r auditReader) difference(ctx context.Context, c models.AuditChange) audit.Difference {
	d := audit.Difference{Label: r.fieldLabel(ctx, c)}
	if c.Before.Kind == models.AuditList || c.After.Kind == models.AuditList {
		d.List = true
		d.Removed, d.Added = r.items(ctx, c.Field, c.Removed()), r.items(ctx, c.Field, c.Added())
		return d
	}
	d.Before, d.After = r.value(ctx, c.Field, c.Before), r.value(ctx, c.Field, c.After)
	return d
}

// fieldLabel names a field, and the entry of one that holds several.
func (r auditReader) fieldLabel(ctx context.Context, c models.AuditChange) string {
	key := "audit_field." + c.Field
	label := i18n.T(ctx, key)
	if label == key { // recorded by another version of the programme
		label = i18n.T(ctx, "audit_field.other")
	}
	if c.Key == "" {
		return label
	}
	name := c.Key
	switch c.Field {
	case "grants":
		name = r.environmentName(c.Key)
	case "apps":
		name = r.appName(c.Key)
	}
	return i18n.T(ctx, "audit.field_of", "field", label, "name", name)
}

func (r auditReader) items(ctx context.Context, field string, list []string) []string {
	if field != "grants" {
		return list
	}
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = i18n.T(ctx, "permission."+item)
	}
	return out
}

// named are the fields whose values have names in the catalogues.
var named = map[string]string{
	"role": "role.", "apps": "role.", "type": "app_kind.", "preset": "preset.", "status": "transfer_status.", "mode": "audit_mode.",
}

// value prints a value of a state, "" for none.
func (r auditReader) value(ctx context.Context, field string, v models.AuditValue) string {
	switch v.Kind {
	case models.AuditNone:
		return ""
	case models.AuditFlag:
		if v.Text == "true" {
			return i18n.T(ctx, "audit.yes")
		}
		return i18n.T(ctx, "audit.no")
	case models.AuditNumber:
		return auditNumber(field, v.Text)
	case models.AuditList:
		return strings.Join(r.items(ctx, field, v.List), ", ")
	}
	if prefix, ok := named[field]; ok {
		if text := i18n.T(ctx, prefix+v.Text); text != prefix+v.Text {
			return text
		}
	}
	if field == "owner" || field == "grantee" {
		return r.appName(v.Text)
	}
	if t, err := time.Parse(time.RFC3339, v.Text); err == nil {
		return r.minute(t)
	}
	return v.Text
}

// auditNumber prints a number with its unit.
func auditNumber(field, text string) string {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	switch field {
	case "bytes":
		return size(n)
	case "memory":
		return number(n) + " MB"
	case "timeout":
		return number(n) + " s"
	}
	return number(n)
}
