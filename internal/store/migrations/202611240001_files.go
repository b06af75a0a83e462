package migrations

// Paths are compared byte by byte, on PostgreSQL too, so that a folder is one run
// of them.
const files = `
CREATE TABLE files (
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	path {bytewise} NOT NULL,
	blob_key varchar(64) NOT NULL,
	size bigint NOT NULL,
	content_type varchar(255) NOT NULL,
	sha256 varchar(64) NOT NULL,
	owner_app_id varchar(18) NOT NULL,
	owner_openid varchar(64) NOT NULL,
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL,
	PRIMARY KEY (environment_id, path)
);
CREATE INDEX files_blob ON files (blob_key);
CREATE TABLE blob_deletions (
	blob_key varchar(64) PRIMARY KEY,
	created_at {time} NOT NULL
);
CREATE TABLE used_tickets (
	id varchar(64) PRIMARY KEY,
	expires_at {time} NOT NULL
)`
