package migrations

const functions = `
CREATE TABLE functions (
	id varchar(26) PRIMARY KEY,
	environment_id varchar(63) NOT NULL REFERENCES environments(id),
	name varchar(60) NOT NULL,
	timeout_seconds integer NOT NULL,
	memory_mb integer NOT NULL,
	concurrency integer NOT NULL,
	variables text NOT NULL,
	active_version integer NOT NULL DEFAULT 0,
	active_id varchar(26) NOT NULL DEFAULT '',
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX functions_name ON functions (environment_id, name);
CREATE TABLE function_versions (
	id varchar(26) PRIMARY KEY,
	function_id varchar(26) NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
	number integer NOT NULL,
	digest varchar(64) NOT NULL,
	size_bytes bigint NOT NULL,
	file_count integer NOT NULL,
	deployed_by varchar(64) NOT NULL,
	note text NOT NULL DEFAULT '',
	created_at {time} NOT NULL
);
CREATE UNIQUE INDEX function_versions_number ON function_versions (function_id, number);
CREATE TABLE function_archives (
	version_id varchar(26) PRIMARY KEY REFERENCES function_versions(id) ON DELETE CASCADE,
	source {blob} NOT NULL,
	modules {blob}
);
CREATE TABLE invocations (
	id varchar(36) PRIMARY KEY,
	environment_id varchar(63) NOT NULL,
	function_name varchar(60) NOT NULL,
	version integer NOT NULL,
	trigger_kind varchar(16) NOT NULL,
	caller_app_id varchar(18) NOT NULL,
	caller_openid varchar(64) NOT NULL DEFAULT '',
	status varchar(16) NOT NULL,
	error text NOT NULL DEFAULT '',
	result text NOT NULL DEFAULT '',
	logs text NOT NULL DEFAULT '',
	duration_ms bigint NOT NULL,
	memory_bytes bigint NOT NULL,
	cold_start boolean NOT NULL,
	started_at {time} NOT NULL
);
CREATE INDEX invocations_function ON invocations (environment_id, function_name, started_at);
CREATE INDEX invocations_age ON invocations (started_at);
CREATE TABLE usage_days (
	environment_id varchar(63) NOT NULL,
	caller_app_id varchar(18) NOT NULL,
	day varchar(10) NOT NULL,
	calls bigint NOT NULL,
	denied bigint NOT NULL,
	last_at {time},
	PRIMARY KEY (environment_id, caller_app_id, day)
)`
