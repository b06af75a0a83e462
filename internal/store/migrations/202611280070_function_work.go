package migrations

const functionWork = `
CREATE TABLE function_drafts (
	id varchar(26) PRIMARY KEY,
	function_id varchar(26) NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
	user_id varchar(26) NOT NULL,
	base_id varchar(26) NOT NULL,
	base_version integer NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX function_drafts_owner ON function_drafts (function_id, user_id);
CREATE TABLE function_draft_files (
	draft_id varchar(26) NOT NULL REFERENCES function_drafts(id) ON DELETE CASCADE,
	path varchar(255) NOT NULL,
	content {blob} NOT NULL,
	removed boolean NOT NULL,
	PRIMARY KEY (draft_id, path)
);
CREATE TABLE function_events (
	id varchar(26) PRIMARY KEY,
	function_id varchar(26) NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
	name varchar(60) NOT NULL,
	content text NOT NULL,
	revision integer NOT NULL,
	updated_by varchar(64) NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX function_events_name ON function_events (function_id, name);
CREATE INDEX invocations_status ON invocations (environment_id, function_name, status, started_at)`
