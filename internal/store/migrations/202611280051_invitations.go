package migrations

// An invitation names its link by a digest: a copy of the table opens nothing.
const invitations = `
CREATE TABLE invitations (
	id varchar(26) PRIMARY KEY,
	app_id varchar(18) NOT NULL REFERENCES apps(app_id) ON DELETE CASCADE,
	role varchar(16) NOT NULL,
	digest varchar(64) NOT NULL,
	invited_by varchar(26) NOT NULL,
	invited_by_name varchar(64) NOT NULL,
	created_at {time} NOT NULL,
	expires_at {time} NOT NULL,
	accepted_at {time},
	accepted_by_name varchar(64) NOT NULL DEFAULT '',
	revoked_at {time}
);
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
CREATE INDEX invitations_app ON invitations (app_id, created_at)`
