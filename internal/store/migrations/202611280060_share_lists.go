package migrations

const shareLists = `
CREATE INDEX shares_owner ON shares (owner_app_id, created_at);
CREATE INDEX audit_events_subject ON audit_events (subject, occurred_at)`
