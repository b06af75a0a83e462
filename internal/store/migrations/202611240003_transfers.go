package migrations

const transfers = `
CREATE TABLE transfers (
	id varchar(26) PRIMARY KEY,
	environment_id varchar(63) NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
	app_id varchar(18) NOT NULL,
	collection varchar(128) NOT NULL,
	kind varchar(16) NOT NULL,
	format varchar(8) NOT NULL,
	mode varchar(8) NOT NULL,
	stop_on_error boolean NOT NULL,
	filter text NOT NULL,
	fields text NOT NULL,
	file_name varchar(255) NOT NULL,
	bytes bigint NOT NULL,
	bytes_done bigint NOT NULL,
	documents bigint NOT NULL,
	failed bigint NOT NULL,
	errors text NOT NULL,
	status varchar(16) NOT NULL,
	actor_id varchar(26) NOT NULL,
	actor_name varchar(64) NOT NULL,
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE INDEX transfers_environment ON transfers (environment_id, collection, id)`
