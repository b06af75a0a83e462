package migrations

const appsAndShares = `
CREATE TABLE principals (
	id varchar(64) PRIMARY KEY,
	name varchar(255) NOT NULL,
	created_at {time} NOT NULL
);
CREATE TABLE apps (
	app_id varchar(18) PRIMARY KEY,
	name varchar(255) NOT NULL,
	kind varchar(32) NOT NULL,
	principal_id varchar(64) NOT NULL REFERENCES principals(id),
	sharing boolean NOT NULL DEFAULT false,
	secret_sealed {blob},
	created_at {time} NOT NULL
);
CREATE INDEX apps_principal ON apps (principal_id);
CREATE TABLE environments (
	id varchar(63) PRIMARY KEY,
	app_id varchar(18) NOT NULL REFERENCES apps(app_id),
	name varchar(255) NOT NULL,
	created_at {time} NOT NULL
);
CREATE INDEX environments_app ON environments (app_id, created_at);
CREATE TABLE shares (
	id varchar(26) PRIMARY KEY,
	owner_app_id varchar(18) NOT NULL REFERENCES apps(app_id),
	grantee_app_id varchar(18) NOT NULL REFERENCES apps(app_id),
	note text NOT NULL DEFAULT '',
	until {time},
	paused_at {time},
	version integer NOT NULL DEFAULT 1,
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL,
	CHECK (owner_app_id <> grantee_app_id)
);
CREATE UNIQUE INDEX shares_pair ON shares (owner_app_id, grantee_app_id);
CREATE INDEX shares_grantee ON shares (grantee_app_id, created_at);
CREATE TABLE grants (
	id varchar(26) PRIMARY KEY,
	share_id varchar(26) NOT NULL REFERENCES shares(id) ON DELETE CASCADE,
	environment_id varchar(63) NOT NULL REFERENCES environments(id),
	permissions text NOT NULL,
	position integer NOT NULL
);
CREATE UNIQUE INDEX grants_environment ON grants (share_id, environment_id);
CREATE INDEX grants_by_environment ON grants (environment_id);
CREATE TABLE access_revisions (
	id integer PRIMARY KEY,
	revision bigint NOT NULL
);
INSERT INTO access_revisions (id, revision) VALUES (1, 1);
CREATE TABLE settings (
	name varchar(64) PRIMARY KEY,
	value text NOT NULL
)`
