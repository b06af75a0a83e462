package migrations

// A deleted environment keeps its row, and with it its id, until all that it
// held is gone.
const deletedEnvironments = `
ALTER TABLE environments ADD COLUMN deleted_at {time};
ALTER TABLE environments ADD COLUMN deleted_by varchar(64) NOT NULL DEFAULT '';
ALTER TABLE environments ADD COLUMN purging boolean NOT NULL DEFAULT false;
CREATE INDEX environments_deleted ON environments (deleted_at)`
