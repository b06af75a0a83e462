package migrations

// A user has one account per issuer at most, and an account one user.
const externalAccounts = `
CREATE TABLE external_accounts (
	issuer varchar(255) NOT NULL,
	subject varchar(255) NOT NULL,
	user_id varchar(26) NOT NULL REFERENCES users(id) ON DELETE CASCADE,
	name varchar(128) NOT NULL DEFAULT '',
	created_at {time} NOT NULL,
	last_used_at {time},
	PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX external_accounts_user ON external_accounts (user_id, issuer)`
