package migrations

const usersAndSessions = `
CREATE TABLE users (
	id varchar(26) PRIMARY KEY,
	username varchar(32) NOT NULL,
	password_hash text NOT NULL,
	operator boolean NOT NULL DEFAULT false,
	language varchar(8) NOT NULL DEFAULT '',
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE TABLE memberships (
	user_id varchar(26) NOT NULL REFERENCES users(id) ON DELETE CASCADE,
	app_id varchar(18) NOT NULL REFERENCES apps(app_id) ON DELETE CASCADE,
	role varchar(16) NOT NULL,
	PRIMARY KEY (user_id, app_id)
);
CREATE INDEX memberships_app ON memberships (app_id);
CREATE TABLE sessions (
	id varchar(64) PRIMARY KEY,
	user_id varchar(26) NOT NULL REFERENCES users(id) ON DELETE CASCADE,
	data {blob} NOT NULL,
	ip varchar(64) NOT NULL DEFAULT '',
	user_agent varchar(255) NOT NULL DEFAULT '',
	created_at {time} NOT NULL,
	last_seen_at {time} NOT NULL,
	expires_at {time} NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at)`
