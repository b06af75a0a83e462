package migrations

// Sessions hold no token: tokens are sealed and name a session.
const clients = `
ALTER TABLE environments ADD COLUMN unauthenticated_access boolean NOT NULL DEFAULT false;
ALTER TABLE environments ADD COLUMN allowed_origins text;
ALTER TABLE apps ADD COLUMN web_domains text;
CREATE TABLE client_sessions (
	id varchar(26) PRIMARY KEY,
	app_id varchar(18) NOT NULL REFERENCES apps(app_id) ON DELETE CASCADE,
	open_id varchar(64) NOT NULL,
	union_id varchar(64) NOT NULL,
	scope varchar(32) NOT NULL,
	profile text NOT NULL,
	created_at {time} NOT NULL,
	access_until {time} NOT NULL,
	refresh_until {time} NOT NULL
);
CREATE INDEX client_sessions_person ON client_sessions (app_id, open_id, created_at);
CREATE INDEX client_sessions_end ON client_sessions (refresh_until);
CREATE TABLE client_verdicts (
	app_id varchar(18) NOT NULL REFERENCES apps(app_id) ON DELETE CASCADE,
	open_id varchar(64) NOT NULL,
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	grant_id varchar(26) NOT NULL,
	custom text NOT NULL,
	expires_at {time} NOT NULL,
	PRIMARY KEY (app_id, open_id, environment_id)
);
CREATE INDEX client_verdicts_end ON client_verdicts (expires_at);
CREATE TABLE visitors (
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	app_id varchar(18) NOT NULL,
	open_id varchar(64) NOT NULL,
	union_id varchar(64) NOT NULL,
	first_seen_at {time} NOT NULL,
	last_seen_at {time} NOT NULL,
	PRIMARY KEY (environment_id, app_id, open_id)
);
CREATE TABLE rule_versions (
	id varchar(26) PRIMARY KEY,
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	kind varchar(16) NOT NULL,
	name varchar(128) NOT NULL,
	preset varchar(32) NOT NULL,
	rules text NOT NULL,
	saved_by varchar(64) NOT NULL,
	created_at {time} NOT NULL
);
CREATE INDEX rule_versions_of ON rule_versions (environment_id, kind, name, created_at)`
