package migrations

// A denial counts refusals of one kind on one day; the key is a digest of what
// makes the kind.
const denials = `
CREATE TABLE denials (
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	day varchar(10) NOT NULL,
	denial_key varchar(64) NOT NULL,
	caller_app_id varchar(18) NOT NULL,
	plane varchar(16) NOT NULL,
	end_user boolean NOT NULL,
	operation varchar(32) NOT NULL,
	resource varchar(200) NOT NULL,
	code varchar(32) NOT NULL,
	msg_key varchar(64) NOT NULL,
	msg_args text NOT NULL,
	refused bigint NOT NULL,
	first_at {time} NOT NULL,
	last_at {time} NOT NULL,
	PRIMARY KEY (environment_id, day, denial_key)
);
CREATE INDEX denials_last ON denials (environment_id, last_at);
CREATE INDEX denials_caller ON denials (caller_app_id, last_at);
CREATE INDEX denials_age ON denials (day)`
