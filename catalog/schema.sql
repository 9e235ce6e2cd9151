-- A product, its variants and their prices live on the product's slot.
CREATE TABLE products (
	id                 TEXT    NOT NULL PRIMARY KEY,
	slot               INTEGER NOT NULL,
	handle             TEXT    NOT NULL CHECK (handle <> ''),
	claim              BLOB    NOT NULL CHECK (length(claim) = 32), -- the handle's
	title              TEXT    NOT NULL CHECK (title <> ''),
	description        TEXT    NOT NULL,
	status             TEXT    NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT,
	version            INTEGER NOT NULL CHECK (version > 0),
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A variant that its product no longer has is kept as removed: stock and
-- orders name it, and it comes back with the same ID.
CREATE TABLE variants (
	id               TEXT    NOT NULL PRIMARY KEY,
	slot             INTEGER NOT NULL,
	product          TEXT    NOT NULL REFERENCES products (id),
	position         INTEGER NOT NULL CHECK (position >= 0),
	sku              TEXT    NOT NULL CHECK (sku <> ''),
	claim            BLOB    NOT NULL CHECK (length(claim) = 32), -- the SKU's
	options          TEXT    NOT NULL,                            -- JSON: [["Size","M"],…]
	untracked        INTEGER NOT NULL CHECK (untracked IN (0, 1)),
	barcode          TEXT    NOT NULL,
	metadata         TEXT,
	private_metadata TEXT,
	removed          INTEGER NOT NULL CHECK (removed IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX variants_by_product ON variants (product, sku);
CREATE UNIQUE INDEX variants_by_sku ON variants (sku) WHERE removed = 0;

CREATE TABLE prices (
	variant  TEXT    NOT NULL REFERENCES variants (id),
	currency TEXT    NOT NULL CHECK (length(currency) = 3),
	amount   INTEGER NOT NULL CHECK (amount >= 0), -- minor units
	slot     INTEGER NOT NULL,
	PRIMARY KEY (variant, currency)
) STRICT, WITHOUT ROWID;
