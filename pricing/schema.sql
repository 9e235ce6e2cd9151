-- The rules of a store, on the store slot. They are read as a whole and only
-- as a whole, so each is one encoded value.

CREATE TABLE price_rules (
	kind       TEXT    NOT NULL CHECK (kind IN ('settings', 'tax_zone', 'shipping_zone', 'promotion')),
	id         TEXT    NOT NULL,
	slot       INTEGER NOT NULL,
	body       BLOB    NOT NULL, -- CBOR
	version    INTEGER NOT NULL CHECK (version > 0), -- that of all rules when it was put
	updated_at INTEGER NOT NULL, -- ms since 1970 UTC
	PRIMARY KEY (kind, id),
	CHECK ((kind = 'settings') = (id = ''))
) STRICT, WITHOUT ROWID;

-- How often the rules have changed.
CREATE TABLE price_rules_version (
	one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	version INTEGER NOT NULL CHECK (version > 0)
) STRICT;
