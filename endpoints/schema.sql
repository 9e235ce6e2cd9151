-- Where events are sent to. All of it lives on the store's slot. Sealed columns
-- open under the key of the subject that the endpoint's ID names.
CREATE TABLE endpoints (
	id            TEXT    NOT NULL PRIMARY KEY,
	slot          INTEGER NOT NULL,
	url           BLOB    NOT NULL, -- sealed: it may hold a token
	description   TEXT    NOT NULL,
	kinds         TEXT    NOT NULL, -- JSON: sorted patterns; [] is every kind
	disabled      TEXT    NOT NULL, -- why; '' when it is not
	position      TEXT    NOT NULL, -- everything before is settled
	generation    INTEGER NOT NULL CHECK (generation > 0), -- counts the replays
	failing_since INTEGER NOT NULL, -- wall ms of the first failure since the last success; 0 for none
	next_delivery INTEGER NOT NULL CHECK (next_delivery > 0),
	version       INTEGER NOT NULL CHECK (version > 0),
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest signs first. One with an end signs until then.
CREATE TABLE endpoint_secrets (
	endpoint   TEXT    NOT NULL REFERENCES endpoints (id),
	n          INTEGER NOT NULL CHECK (n > 0),
	slot       INTEGER NOT NULL,
	sealed     BLOB    NOT NULL,
	expires_at INTEGER NOT NULL, -- wall ms; 0 for never
	created_at INTEGER NOT NULL,
	PRIMARY KEY (endpoint, n)
) STRICT, WITHOUT ROWID;

-- The last attempts, for people.
CREATE TABLE deliveries (
	endpoint TEXT    NOT NULL REFERENCES endpoints (id),
	n        INTEGER NOT NULL CHECK (n > 0),
	slot     INTEGER NOT NULL,
	message  TEXT    NOT NULL,
	kind     TEXT    NOT NULL,
	subject  TEXT    NOT NULL,
	outcome  TEXT    NOT NULL CHECK (outcome = 'delivered' OR outcome = 'failed' OR outcome = 'given_up'),
	attempt  INTEGER NOT NULL CHECK (attempt > 0),
	status   INTEGER NOT NULL, -- of HTTP; 0 if there was no answer
	error    TEXT    NOT NULL,
	millis   INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	PRIMARY KEY (endpoint, n)
) STRICT, WITHOUT ROWID;

-- Who delivers: one node, one run of it, at a time.
CREATE TABLE dispatcher (
	one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	slot   INTEGER NOT NULL,
	holder TEXT    NOT NULL,
	run    TEXT    NOT NULL,
	until  INTEGER NOT NULL -- by the shard's clock, ms
) STRICT, WITHOUT ROWID;
