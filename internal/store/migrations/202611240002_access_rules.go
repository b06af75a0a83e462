package migrations

const accessRules = `
CREATE TABLE access_rules (
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	kind varchar(16) NOT NULL,
	name varchar(128) NOT NULL,
	preset varchar(32) NOT NULL,
	rules text NOT NULL,
	updated_at {time} NOT NULL,
	PRIMARY KEY (environment_id, kind, name)
)`
