-- Values that one owner in the whole store may have, each on the slot of its
-- keyed hash. A reserved claim belongs to its owner as much as a confirmed one
-- does, until it is known whether the owner has the value.
CREATE TABLE claims (
	kind     TEXT    NOT NULL,
	hash     BLOB    NOT NULL CHECK (length(hash) = 32),
	owner    TEXT    NOT NULL,
	slot     INTEGER NOT NULL,
	state    TEXT    NOT NULL CHECK (state IN ('reserved', 'confirmed')),
	token    TEXT    NOT NULL, -- of the newest reservation
	deadline INTEGER NOT NULL, -- by the clock of the owner's shard, ms
	due      INTEGER NOT NULL, -- of the timer that settles it; 0 when it has none
	PRIMARY KEY (kind, hash),
	CHECK ((state = 'reserved') = (token <> '' AND due > 0))
) STRICT, WITHOUT ROWID;
