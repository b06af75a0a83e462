package migrations

// The revision counts what ends all sign-ins of a user; one that was under way
// knows by it that it is over.
const signInRevision = `
ALTER TABLE users ADD COLUMN sign_in_revision bigint NOT NULL DEFAULT 0`
