package migrations

// Every count stands in the row of its hour ("h2026-11-22T08"), its day
// ("d2026-11-22") and its month ("m2026-11"), so that no page adds up more rows than
// it shows; compared byte by byte, the rows of one length follow each other. A
// function's own rows name no caller, so that callers and functions do not multiply.
const usageCounts = `
CREATE TABLE usage_counts (
	environment_id varchar(63) NOT NULL,
	function_name varchar(60) NOT NULL,
	period {bytewise} NOT NULL,
	caller_app_id varchar(18) NOT NULL,
	operation varchar(32) NOT NULL,
	calls bigint NOT NULL,
	errors bigint NOT NULL,
	denied bigint NOT NULL,
	bytes bigint NOT NULL,
	duration_ms bigint NOT NULL,
	longest_ms bigint NOT NULL,
	memory_bytes bigint NOT NULL,
	d0 bigint NOT NULL, d1 bigint NOT NULL, d2 bigint NOT NULL, d3 bigint NOT NULL, d4 bigint NOT NULL, d5 bigint NOT NULL, d6 bigint NOT NULL,
	d7 bigint NOT NULL, d8 bigint NOT NULL, d9 bigint NOT NULL, d10 bigint NOT NULL, d11 bigint NOT NULL, d12 bigint NOT NULL, d13 bigint NOT NULL,
	PRIMARY KEY (environment_id, function_name, period, caller_app_id, operation)
);
CREATE INDEX usage_counts_period ON usage_counts (period);
DROP INDEX invocations_function;
CREATE INDEX invocations_page ON invocations (environment_id, function_name, started_at, id);
CREATE INDEX invocations_lately ON invocations (environment_id, started_at, function_name, status);
ALTER TABLE visitors ADD COLUMN visits bigint NOT NULL DEFAULT 1;
CREATE INDEX visitors_seen ON visitors (environment_id, last_seen_at)`
