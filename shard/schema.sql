-- The kernel's own tables, in every shard file from its creation on. The
-- tables of the domain packages come with logged level commands.

CREATE TABLE meta (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	format     INTEGER NOT NULL,
	store      TEXT    NOT NULL,
	shard      INTEGER NOT NULL CHECK (shard >= 0),
	shards     INTEGER NOT NULL CHECK (shards > shard),
	applied    INTEGER NOT NULL CHECK (applied >= 0), -- index of the last log entry in these tables
	term       INTEGER NOT NULL,
	clock      INTEGER NOT NULL,                      -- the shard's clock, ms
	wall       INTEGER NOT NULL,                      -- newest stamp seen, ms since 1970 UTC
	cut        INTEGER NOT NULL,
	level      INTEGER NOT NULL,
	first_event INTEGER NOT NULL CHECK (first_event > 0), -- older ones were deleted
	next_event INTEGER NOT NULL CHECK (next_event >= first_event),
	map        INTEGER NOT NULL,                      -- version of the slot map
	trail      INTEGER NOT NULL CHECK (trail >= 0)    -- rows of the table of that name
) STRICT;

-- The slots that this shard owns, as ranges with both ends included.
CREATE TABLE slots (
	first INTEGER PRIMARY KEY CHECK (first >= 0),
	last  INTEGER NOT NULL CHECK (last >= first AND last < 4096)
) STRICT;

-- What recorded commands answered, by the hash of principal, kind and key.
-- retention.go says how long they stay.
CREATE TABLE answers (
	scope       BLOB    NOT NULL PRIMARY KEY CHECK (length(scope) = 16),
	slot        INTEGER NOT NULL,
	at          INTEGER NOT NULL,
	owner       INTEGER NOT NULL,                             -- stands for the principal; 0 is the program itself
	lasting     INTEGER NOT NULL CHECK (lasting IN (0, 1)),   -- kept for ever: it made an order, a payment or a refund
	fingerprint BLOB    NOT NULL,
	refused     INTEGER NOT NULL CHECK (refused IN (0, 1)),
	body        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Events, in the transaction of the effect that they tell of.
CREATE TABLE outbox (
	seq     INTEGER PRIMARY KEY CHECK (seq > 0),
	slot    INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	kind    TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	data    BLOB    NOT NULL
) STRICT;

-- What the shard's leader is to do once the shard's clock has reached due.
CREATE TABLE timers (
	due     INTEGER NOT NULL,
	kind    TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	slot    INTEGER NOT NULL,
	PRIMARY KEY (due, kind, subject)
) STRICT, WITHOUT ROWID;

-- Many are cleared by whom they are for, whenever they are due.
CREATE INDEX timers_by_subject ON timers (subject, kind);

-- What staff asked for, for ever. Each row holds a hash over itself and the hash
-- before it: see trail.go.
CREATE TABLE trail (
	seq         INTEGER PRIMARY KEY CHECK (seq > 0),
	at          INTEGER NOT NULL,
	principal   TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	slot        INTEGER NOT NULL,
	refused     TEXT    NOT NULL,                                -- why it was; '' if it was done
	first_event INTEGER NOT NULL,                                -- of those in which it is told of
	events      INTEGER NOT NULL CHECK (events >= 0),
	body        BLOB    NOT NULL CHECK (length(body) = 32),      -- SHA-256 of the command
	hash        BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
