package migrations

const transferProgress = `
ALTER TABLE transfers ADD COLUMN total bigint NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN resumed boolean NOT NULL DEFAULT false`
