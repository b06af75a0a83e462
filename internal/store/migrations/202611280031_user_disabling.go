package migrations

const userDisabling = `
ALTER TABLE users ADD COLUMN disabled_at {time};
CREATE TABLE user_setups (
	user_id varchar(26) PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
	digest varchar(64) NOT NULL,
	expires_at {time} NOT NULL
);
CREATE UNIQUE INDEX user_setups_digest ON user_setups (digest)`
