package migrations

// The pages of a list of denials come from the index alone, however far they are.
const listPages = `
DROP INDEX denials_last;
CREATE INDEX denials_page ON denials (environment_id, last_at, day, denial_key, caller_app_id, code)`
