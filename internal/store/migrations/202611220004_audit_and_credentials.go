package migrations

const auditAndCredentials = `
CREATE TABLE audit_events (
	id varchar(26) PRIMARY KEY,
	occurred_at {time} NOT NULL,
	actor_id varchar(26) NOT NULL,
	actor_name varchar(64) NOT NULL,
	via varchar(16) NOT NULL,
	ip varchar(64) NOT NULL,
	request_id varchar(64) NOT NULL,
	action varchar(64) NOT NULL,
	app_id varchar(18) NOT NULL,
	other_app_id varchar(18) NOT NULL,
	environment_id varchar(63) NOT NULL,
	subject varchar(128) NOT NULL,
	state_before text NOT NULL,
	state_after text NOT NULL
);
CREATE INDEX audit_events_app ON audit_events (app_id, occurred_at);
CREATE INDEX audit_events_other_app ON audit_events (other_app_id, occurred_at);
CREATE TABLE credentials (
	id varchar(26) PRIMARY KEY,
	app_id varchar(18) NOT NULL REFERENCES apps(app_id),
	environment_id varchar(63) NOT NULL REFERENCES environments(id),
	issued_by varchar(64) NOT NULL,
	created_at {time} NOT NULL,
	expires_at {time} NOT NULL,
	revoked_at {time}
);
CREATE INDEX credentials_app ON credentials (app_id)`
