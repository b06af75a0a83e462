package migrations

// The indexes hold what the log is filtered by, so that a search that finds
// little does not read the events themselves.
const auditIndexes = `
DROP INDEX audit_events_app;
DROP INDEX audit_events_other_app;
CREATE INDEX audit_events_app ON audit_events (app_id, occurred_at, id, other_app_id, action, environment_id, actor_name, subject);
CREATE INDEX audit_events_other_app ON audit_events (other_app_id, occurred_at, id, app_id, action, environment_id, actor_name, subject)
	WHERE other_app_id <> ''`
