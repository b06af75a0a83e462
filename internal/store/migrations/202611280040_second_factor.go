package migrations

// Secrets are sealed; of recovery codes and of the cookies of half-done sign-ins
// only digests are kept.
const secondFactor = `
CREATE TABLE second_factors (
	user_id varchar(26) PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
	secret {blob} NOT NULL,
	confirmed_at {time},
	last_step bigint NOT NULL DEFAULT 0,
	created_at {time} NOT NULL
);
CREATE TABLE recovery_codes (
	user_id varchar(26) NOT NULL REFERENCES users(id) ON DELETE CASCADE,
	digest varchar(64) NOT NULL,
	PRIMARY KEY (user_id, digest)
);
CREATE TABLE pending_sign_ins (
	id varchar(64) PRIMARY KEY,
	user_id varchar(26) NOT NULL REFERENCES users(id) ON DELETE CASCADE,
	method varchar(16) NOT NULL,
	tries integer NOT NULL DEFAULT 0,
	created_at {time} NOT NULL,
	expires_at {time} NOT NULL
);
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_end ON pending_sign_ins (expires_at)`
