-- The authority's side of a pool, on the variant's shard.
CREATE TABLE pools (
	pool        TEXT    NOT NULL PRIMARY KEY,
	sku         TEXT    NOT NULL,
	slot        INTEGER NOT NULL,
	on_hand     INTEGER NOT NULL CHECK (on_hand >= 0),
	unallocated INTEGER NOT NULL CHECK (unallocated >= 0),
	shortage    INTEGER NOT NULL CHECK (shortage >= 0), -- promised, but not on hand
	owed        INTEGER NOT NULL DEFAULT 0 CHECK (owed BETWEEN 0 AND shortage), -- the part that was promised knowing that
	recall_due  INTEGER CHECK ((recall_due IS NOT NULL) = (shortage > owed)), -- when the timer of the rest is due
	safety      INTEGER NOT NULL DEFAULT 0 CHECK (safety >= 0),    -- not to be sold
	reorder     INTEGER NOT NULL DEFAULT 0 CHECK (reorder >= 0),   -- told when no more than that are on hand; 0 is never
	backorder   INTEGER NOT NULL DEFAULT 0 CHECK (backorder >= 0), -- how many may be owed
	expected_at INTEGER NOT NULL DEFAULT 0, -- when what is owed should arrive, ms since 1970 UTC; 0 is not known
	version     INTEGER NOT NULL CHECK (version >= 0),  -- number of movements
	CHECK (unallocated = 0 OR shortage = 0)
) STRICT, WITHOUT ROWID;

-- What the authority has booked with each shard. Totals only grow.
CREATE TABLE grants (
	pool       TEXT    NOT NULL,
	shard      INTEGER NOT NULL CHECK (shard >= 0),
	slot       INTEGER NOT NULL,
	granted    INTEGER NOT NULL CHECK (granted >= 0),
	given_back INTEGER NOT NULL CHECK (given_back >= 0),
	shipped    INTEGER NOT NULL CHECK (shipped >= 0),
	returned   INTEGER NOT NULL CHECK (returned >= 0 AND returned <= shipped),
	PRIMARY KEY (pool, shard),
	CHECK (granted >= given_back + shipped)
) STRICT, WITHOUT ROWID;

-- Why on hand is what it is: the sum of a pool's quantities.
CREATE TABLE movements (
	pool     TEXT    NOT NULL,
	n        INTEGER NOT NULL CHECK (n > 0), -- the pool's version after it
	slot     INTEGER NOT NULL,
	kind     TEXT    NOT NULL CHECK (kind = 'received' OR kind = 'adjusted' OR kind = 'shipped' OR kind = 'returned' OR kind = 'transferred'),
	quantity INTEGER NOT NULL CHECK (quantity <> 0),
	reason   TEXT    NOT NULL,
	at       INTEGER NOT NULL,               -- ms since 1970 UTC
	PRIMARY KEY (pool, n),
	CHECK (kind <> 'received' OR quantity > 0),
	CHECK (kind <> 'shipped'  OR quantity < 0),
	CHECK (kind <> 'returned' OR quantity > 0)
) STRICT, WITHOUT ROWID;

-- What this shard may sell. It belongs to the shard, not to a slot: slot is
-- the authority's.
CREATE TABLE allowances (
	pool              TEXT    NOT NULL PRIMARY KEY,
	sku               TEXT    NOT NULL,
	slot              INTEGER NOT NULL,
	deposited         INTEGER NOT NULL CHECK (deposited >= 0),
	given_back        INTEGER NOT NULL DEFAULT 0 CHECK (given_back >= 0),
	available         INTEGER NOT NULL CHECK (available >= 0),
	reserved          INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0), -- held or committed, and not shipped
	shipped           INTEGER NOT NULL DEFAULT 0 CHECK (shipped >= 0),
	returned          INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0 AND returned <= shipped), -- to stock
	-- As last acknowledged by the authority.
	booked_given_back INTEGER NOT NULL DEFAULT 0 CHECK (booked_given_back BETWEEN 0 AND given_back),
	booked_shipped    INTEGER NOT NULL DEFAULT 0 CHECK (booked_shipped BETWEEN 0 AND shipped),
	booked_returned   INTEGER NOT NULL DEFAULT 0 CHECK (booked_returned BETWEEN 0 AND returned),
	CHECK (deposited = available + given_back + reserved + shipped)
) STRICT, WITHOUT ROWID;

CREATE INDEX allowances_unbooked ON allowances (pool)
	WHERE given_back > booked_given_back OR shipped > booked_shipped OR returned > booked_returned;

-- The pending booking of this shard, if there is one: its timer is due then.
CREATE TABLE bookings (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	due INTEGER NOT NULL
) STRICT;

-- Goods that are set aside under a name. A name that is in holds waits for its
-- payment; any other is committed: sold. So most checkouts end by deleting one
-- row of a table that is always small.
CREATE TABLE holds (
	reservation TEXT    NOT NULL PRIMARY KEY,
	slot        INTEGER NOT NULL,
	expires     INTEGER NOT NULL -- by the shard's clock, ms; checkout acts on it
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation_lines (
	reservation TEXT    NOT NULL,
	pool        TEXT    NOT NULL,
	slot        INTEGER NOT NULL,
	quantity    INTEGER NOT NULL CHECK (quantity > 0),
	shipped     INTEGER NOT NULL DEFAULT 0 CHECK (shipped BETWEEN 0 AND quantity),
	returned    INTEGER NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND shipped),
	PRIMARY KEY (reservation, pool)
) STRICT, WITHOUT ROWID;

-- Where goods come from, on the store's slot.
CREATE TABLE sourcing (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	version INTEGER NOT NULL CHECK (version > 0),
	body    BLOB    NOT NULL -- CBOR: see Sourcing
) STRICT;

-- Goods on their way from one location to another, on the variant's slot.
CREATE TABLE transfers (
	id        TEXT    NOT NULL PRIMARY KEY,
	slot      INTEGER NOT NULL,
	sku       TEXT    NOT NULL,
	source    TEXT    NOT NULL, -- pools
	target    TEXT    NOT NULL CHECK (target <> source),
	sent      INTEGER NOT NULL CHECK (sent > 0),
	received  INTEGER NOT NULL CHECK (received >= 0),
	lost      INTEGER NOT NULL CHECK (lost >= 0),
	reference TEXT    NOT NULL,
	at        INTEGER NOT NULL, -- ms since 1970 UTC
	CHECK (sent >= received + lost)
) STRICT, WITHOUT ROWID;

CREATE INDEX transfers_by_target ON transfers (target) WHERE sent > received + lost;
