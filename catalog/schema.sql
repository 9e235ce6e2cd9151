-- A product, its variants and their prices live on the product's slot.
CREATE TABLE products (
	id                 TEXT    NOT NULL PRIMARY KEY,
	slot               INTEGER NOT NULL,
	handle             TEXT    NOT NULL CHECK (handle <> ''),
	claim              BLOB    NOT NULL CHECK (length(claim) = 32), -- the handle's
	reference_claim    BLOB             CHECK (length(reference_claim) = 32), -- the external reference's
	title              TEXT    NOT NULL CHECK (title <> ''),
	description        TEXT    NOT NULL,
	brand              TEXT    NOT NULL,
	seo_title          TEXT    NOT NULL,
	seo_description    TEXT    NOT NULL,
	media              TEXT    NOT NULL,                            -- JSON: [{"asset":…,"alt":…,"skus":[…]},…]
	attributes         TEXT    NOT NULL,                            -- JSON: [{"name":…,"kind":…,…},…]
	translations       TEXT    NOT NULL,                            -- JSON: [{"locale":"de","title":…,…},…]
	publications       TEXT    NOT NULL,                            -- JSON: [{"channel":…,"visible_from":…,…},…]
	type               TEXT    NOT NULL,                            -- product_types.id, on the store's slot; '' if it has none
	status             TEXT    NOT NULL CHECK (status = 'draft' OR status = 'active' OR status = 'archived'),
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT,
	version            INTEGER NOT NULL CHECK (version > 0),
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	unfinished         INTEGER NOT NULL DEFAULT 0 CHECK (unfinished IN (0, 1)), -- 1: more parts of a change are to come
	CHECK ((reference_claim IS NULL) = (external_reference = ''))
) STRICT, WITHOUT ROWID;

-- Handles that a product had before still lead to it.
CREATE TABLE former_handles (
	product  TEXT    NOT NULL REFERENCES products (id),
	position INTEGER NOT NULL CHECK (position >= 0), -- 0 is the newest
	handle   TEXT    NOT NULL CHECK (handle <> ''),
	claim    BLOB    NOT NULL CHECK (length(claim) = 32),
	slot     INTEGER NOT NULL,
	PRIMARY KEY (product, position)
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
	options_key      TEXT    NOT NULL,                            -- the same, sorted by name
	untracked        INTEGER NOT NULL CHECK (untracked IN (0, 1)),
	barcodes         TEXT    NOT NULL,                            -- JSON: ["4006381333931",…]
	attributes       TEXT    NOT NULL,                            -- JSON, as in products
	weight_grams     INTEGER NOT NULL CHECK (weight_grams >= 0),  -- 0: not known, as with the next three
	length_mm        INTEGER NOT NULL CHECK (length_mm >= 0),
	width_mm         INTEGER NOT NULL CHECK (width_mm >= 0),
	height_mm        INTEGER NOT NULL CHECK (height_mm >= 0),
	components       TEXT    NOT NULL,                            -- JSON: [{"sku":…,"quantity":…},…]; [] is no kit
	reserve          TEXT    NOT NULL CHECK (reserve = '' OR reserve = 'on_cart' OR reserve = 'track_only'),
	hold_minutes     INTEGER NOT NULL CHECK (hold_minutes >= 0),  -- in a cart; 0 is as the store says
	digital          TEXT,                                        -- JSON: {"files":[…],…}; NULL is shipped
	metadata         TEXT,
	private_metadata TEXT,
	tax_category     TEXT    NOT NULL, -- '' is the standard one
	removed          INTEGER NOT NULL CHECK (removed IN (0, 1)),
	CHECK (components = '[]' OR NOT untracked),
	CHECK (reserve = '' OR NOT untracked)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX variants_by_product ON variants (product, sku);
CREATE INDEX variants_in_order ON variants (product, position, id) WHERE removed = 0;
CREATE INDEX variants_by_options ON variants (product, options_key) WHERE removed = 0;
CREATE UNIQUE INDEX variants_by_sku ON variants (sku) WHERE removed = 0;

-- Files that are, or were, what buyers of a digital variant get: nobody else
-- does. They stay when the variant gets others, since orders still have them.
CREATE TABLE sold_files (
	asset TEXT    NOT NULL CHECK (length(asset) = 64),
	slot  INTEGER NOT NULL,
	PRIMARY KEY (asset, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE prices (
	variant    TEXT    NOT NULL REFERENCES variants (id),
	currency   TEXT    NOT NULL CHECK (length(currency) = 3),
	amount     INTEGER NOT NULL CHECK (amount >= 0),     -- minor units
	compare_at INTEGER          CHECK (compare_at >= 0), -- minor units; NULL if there is none
	since      INTEGER NOT NULL,                         -- when the amount began to count
	prior      INTEGER          CHECK (prior >= 0),      -- the lowest amount of the 30 days before that; NULL if there was none
	slot       INTEGER NOT NULL,
	PRIMARY KEY (variant, currency)
) STRICT, WITHOUT ROWID;

-- Amounts that prices had before.
CREATE TABLE price_history (
	variant  TEXT    NOT NULL REFERENCES variants (id),
	currency TEXT    NOT NULL CHECK (length(currency) = 3),
	until    INTEGER NOT NULL,
	since    INTEGER NOT NULL,
	amount   INTEGER NOT NULL CHECK (amount >= 0), -- minor units
	slot     INTEGER NOT NULL,
	PRIMARY KEY (variant, currency, until, since),
	CHECK (since <= until)
) STRICT, WITHOUT ROWID;

-- The prices that price lists have for a variant.
CREATE TABLE list_prices (
	variant      TEXT    NOT NULL REFERENCES variants (id),
	list         TEXT    NOT NULL,                            -- price_lists.id, on the store's slot
	currency     TEXT    NOT NULL CHECK (length(currency) = 3),
	min_quantity INTEGER NOT NULL CHECK (min_quantity >= 1),
	amount       INTEGER NOT NULL CHECK (amount >= 0),        -- minor units
	slot         INTEGER NOT NULL,
	PRIMARY KEY (variant, list, currency, min_quantity)
) STRICT, WITHOUT ROWID;

-- Price lists live on the store's slot.
CREATE TABLE price_lists (
	id         TEXT    NOT NULL PRIMARY KEY,
	slot       INTEGER NOT NULL,
	code       TEXT    NOT NULL CHECK (code <> ''),
	title      TEXT    NOT NULL CHECK (title <> ''),
	status     TEXT    NOT NULL CHECK (status = 'draft' OR status = 'active' OR status = 'archived'),
	starts     INTEGER NOT NULL,                                           -- 0: no bound
	ends       INTEGER NOT NULL,                                           -- 0: no bound
	groups     TEXT    NOT NULL,                                           -- JSON: ["trade",…]; [] is everybody
	channels   TEXT    NOT NULL,                                           -- JSON, in the same way
	markets    TEXT    NOT NULL,                                           -- JSON, in the same way
	priority   INTEGER NOT NULL,
	sale       INTEGER NOT NULL CHECK (sale IN (0, 1)),
	discount   INTEGER NOT NULL CHECK (discount BETWEEN 0 AND 10000),      -- basis points
	prices     TEXT    NOT NULL DEFAULT '' CHECK (prices = '' OR prices = 'included' OR prices = 'excluded'), -- of tax; '' is as the store says
	version    INTEGER NOT NULL CHECK (version > 0),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	CHECK (ends = 0 OR starts < ends)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX price_lists_by_code ON price_lists (code);

-- The categories that a product is in. A category that was removed is still
-- named here until the product has left it.
CREATE TABLE product_categories (
	category TEXT    NOT NULL,
	product  TEXT    NOT NULL REFERENCES products (id),
	position INTEGER NOT NULL CHECK (position >= 0), -- 0 is the product's main category
	slot     INTEGER NOT NULL,
	PRIMARY KEY (category, product)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX product_categories_by_product ON product_categories (product, position);

-- How many active products of this shard are in just these categories. From it
-- the products below any category are counted, each once, without looking at
-- products. It is derived: a shard that is split counts anew.
CREATE TABLE category_sets (
	categories TEXT    NOT NULL PRIMARY KEY,         -- JSON, sorted: ["cat_…",…]
	products   INTEGER NOT NULL CHECK (products > 0)
) STRICT, WITHOUT ROWID;

-- The category tree lives on the store's slot.
CREATE TABLE categories (
	id               TEXT    NOT NULL PRIMARY KEY,
	slot             INTEGER NOT NULL,
	parent           TEXT             REFERENCES categories (id), -- NULL at the top
	position         INTEGER NOT NULL,                            -- among its siblings, then by handle
	handle           TEXT    NOT NULL CHECK (handle <> ''),
	title            TEXT    NOT NULL CHECK (title <> ''),
	description      TEXT    NOT NULL,
	seo_title        TEXT    NOT NULL,
	seo_description  TEXT    NOT NULL,
	media            TEXT    NOT NULL,                            -- JSON, as in products
	translations     TEXT    NOT NULL,                            -- JSON, as in products
	metadata         TEXT,
	private_metadata TEXT,
	version          INTEGER NOT NULL CHECK (version > 0),
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	CHECK (parent <> id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX categories_by_handle ON categories (handle);
CREATE INDEX categories_by_parent ON categories (parent);

-- Product types live on the store's slot.
CREATE TABLE product_types (
	id         TEXT    NOT NULL PRIMARY KEY,
	slot       INTEGER NOT NULL,
	code       TEXT    NOT NULL CHECK (code <> ''),
	title      TEXT    NOT NULL CHECK (title <> ''),
	attributes TEXT    NOT NULL,                    -- JSON: [{"name":…,"kind":…,"constraint":…,…},…]
	version    INTEGER NOT NULL CHECK (version > 0),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX product_types_by_code ON product_types (code);

-- Handles that categories had before still lead to them.
CREATE TABLE former_category_handles (
	handle   TEXT    NOT NULL PRIMARY KEY,
	category TEXT    NOT NULL REFERENCES categories (id),
	slot     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who made which version of a product, category, price list or another thing
-- of the catalog. It is kept for ever.
CREATE TABLE catalog_changes (
	subject   TEXT    NOT NULL,
	version   INTEGER NOT NULL CHECK (version > 0),
	slot      INTEGER NOT NULL, -- the subject's
	at        INTEGER NOT NULL,
	principal TEXT    NOT NULL, -- '' is the program itself
	kind      TEXT    NOT NULL, -- that of the event
	fields    TEXT    NOT NULL, -- names of what changed, spaces between them
	PRIMARY KEY (subject, version)
) STRICT, WITHOUT ROWID;

-- Collections live on the store's slot.
CREATE TABLE collections (
	id               TEXT    NOT NULL PRIMARY KEY,
	slot             INTEGER NOT NULL,
	handle           TEXT    NOT NULL CHECK (handle <> ''),
	title            TEXT    NOT NULL CHECK (title <> ''),
	description      TEXT    NOT NULL,
	seo_title        TEXT    NOT NULL,
	seo_description  TEXT    NOT NULL,
	media            TEXT    NOT NULL,                                 -- JSON, as in products
	translations     TEXT    NOT NULL,                                 -- JSON, as in products
	products         TEXT    NOT NULL,                                 -- JSON: ["prd_…",…], in order
	rules            TEXT    NOT NULL,                                 -- JSON: [{"field":"brand","op":"is","values":[…]},…]
	any_rule         INTEGER NOT NULL CHECK (any_rule IN (0, 1)),
	metadata         TEXT,
	private_metadata TEXT,
	version          INTEGER NOT NULL CHECK (version > 0),
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	CHECK (products = '[]' OR rules = '[]')
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX collections_by_handle ON collections (handle);

-- The version of the rules of all collections, on the store's slot, and the
-- one that all shards were told of.
CREATE TABLE collection_rules (
	one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	slot    INTEGER NOT NULL,
	version INTEGER NOT NULL CHECK (version > 0),
	told    INTEGER NOT NULL CHECK (told BETWEEN 0 AND version)
) STRICT, WITHOUT ROWID;

-- What this shard was told. It belongs to the shard and not to a slot.
CREATE TABLE collecting (
	one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	version INTEGER NOT NULL CHECK (version > 0),
	rules   INTEGER NOT NULL CHECK (rules IN (0, 1)), -- there are any
	round   INTEGER NOT NULL                          -- of timers, each of which ends with no product waiting
) STRICT, WITHOUT ROWID;

-- Products that have to be held against the rules. Those that have changed
-- come before those that wait because the rules have.
CREATE TABLE uncollected (
	product TEXT    NOT NULL PRIMARY KEY,
	slot    INTEGER NOT NULL,
	changed INTEGER NOT NULL CHECK (changed IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX uncollected_changed ON uncollected (product) WHERE changed = 1;

-- Which products the rules of collections have found.
CREATE TABLE collected (
	collection TEXT    NOT NULL, -- collections.id, on the store's slot
	product    TEXT    NOT NULL REFERENCES products (id),
	slot       INTEGER NOT NULL,
	PRIMARY KEY (collection, product)
) STRICT, WITHOUT ROWID;

CREATE INDEX collected_by_product ON collected (product, collection);
