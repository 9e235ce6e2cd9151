-- A cart lives on a slot of its own when its owner is a guest, and on the
-- customer's slot otherwise. Amounts are minor units of the cart's currency;
-- times are milliseconds since 1970 UTC.

CREATE TABLE carts (
	id                 TEXT    NOT NULL PRIMARY KEY,
	slot               INTEGER NOT NULL,
	customer           TEXT    NOT NULL, -- '' is a guest; the customer that a guest's cart is merged into otherwise
	currency           TEXT    NOT NULL CHECK (length(currency) = 3),
	status             TEXT    NOT NULL CHECK (status = 'active' OR status = 'locking' OR status = 'completed' OR status = 'merging' OR status = 'merged'),
	order_id           TEXT    NOT NULL, -- the order that a checkout made or is making of it
	lines              INTEGER NOT NULL CHECK (lines BETWEEN 0 AND 2000),
	total              INTEGER NOT NULL CHECK (total >= 0), -- of the lines, at the prices at which they were added
	shipping_method    TEXT    NOT NULL, -- '' is none yet
	channel            TEXT    NOT NULL, -- through which it is bought; '' is the shop's own
	payment            TEXT    NOT NULL, -- the provider that the shopper means to pay with; '' is not known
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	touched            INTEGER NOT NULL, -- the last change by the shard's clock: what it is forgotten by
	version            INTEGER NOT NULL CHECK (version >= 0), -- 0 until the command that makes it is through
	merge_strategy     TEXT    NOT NULL, -- of a guest's cart that is merged; '' of others
	frozen             TEXT    NOT NULL CHECK (frozen = '' OR frozen = 'soft' OR frozen = 'hard'),
	quote              BLOB    CHECK ((quote IS NOT NULL) = (frozen = 'hard')), -- what it costs, CBOR
	abandoned          INTEGER NOT NULL, -- the version that was told to be abandoned
	expires            INTEGER NOT NULL, -- when somebody looks whether it may be forgotten, by the shard's clock
	held_until         INTEGER NOT NULL DEFAULT 0, -- when goods that are set aside for it are let go, by the shard's clock; 0: there are none
	held_for           INTEGER NOT NULL DEFAULT 0, -- how long they are set aside after each change, in ms; 0 if the lines ask for none
	last_delivery      INTEGER NOT NULL DEFAULT 1 CHECK (last_delivery > 0), -- the highest number that a delivery has had; 1: it never had another
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT,
	contact            BLOB,          -- sealed under the key of contact_subject
	contact_subject    TEXT NOT NULL, -- '' without a contact
	email_hash         BLOB    CHECK (email_hash IS NULL OR (length(email_hash) = 32 AND contact IS NOT NULL)), -- keyed, of a guest's address: see accounts.HashOf
	shipping_country   TEXT NOT NULL, -- the contact's, in the clear: taxes and shipping rules need it
	billing_country    TEXT NOT NULL,
	CHECK (held_until = 0 OR status = 'active'),
	CHECK ((order_id <> '') = (status IN ('locking', 'completed'))),
	CHECK ((customer <> '') OR status NOT IN ('merging', 'merged')),
	CHECK ((contact IS NULL) = (contact_subject = '')),
	CHECK (email_hash IS NULL OR customer = '')
) STRICT, WITHOUT ROWID;

CREATE INDEX carts_by_email ON carts (email_hash, id) WHERE email_hash IS NOT NULL AND status = 'completed';

CREATE INDEX carts_by_customer ON carts (customer, id) WHERE customer <> '';

CREATE TABLE cart_lines (
	cart       TEXT    NOT NULL REFERENCES carts (id),
	sku        TEXT    NOT NULL,
	agreed     INTEGER NOT NULL CHECK (agreed IN (-1, unit_price)), -- the unit price if it was agreed, -1 if the catalog decides
	unit_price INTEGER NOT NULL CHECK (unit_price >= 0), -- when the line was last added to
	prices     TEXT    NOT NULL CHECK (prices = '' OR prices = 'included' OR prices = 'excluded'), -- whether tax is in it; '' is as the store says
	slot       INTEGER NOT NULL,
	n          INTEGER NOT NULL CHECK (n > 0), -- the line's name in its cart, in the order in which lines were added
	variant    TEXT    NOT NULL,
	title      TEXT    NOT NULL,
	quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
	reason     TEXT    NOT NULL, -- why the price was agreed; '' is the catalog's price
	untracked  INTEGER NOT NULL CHECK (untracked IN (0, 1)),
	properties TEXT    NOT NULL, -- JSON, sorted by name; '' is none
	hold_minutes INTEGER NOT NULL DEFAULT 0 CHECK (hold_minutes >= 0), -- how long its goods are set aside; 0: not before a checkout
	hold_at    TEXT    NOT NULL DEFAULT '', -- at which location; '' is main
	delivery   INTEGER NOT NULL DEFAULT 1 CHECK (delivery > 0), -- 1 goes to the contact's address, others are in cart_deliveries
	PRIMARY KEY (cart, sku, agreed, properties, delivery),
	CHECK ((agreed = -1) = (reason = ''))
) STRICT, WITHOUT ROWID;

-- Where goods go beside the contact's address.
CREATE TABLE cart_deliveries (
	cart            TEXT    NOT NULL REFERENCES carts (id),
	n               INTEGER NOT NULL CHECK (n > 1),
	slot            INTEGER NOT NULL,
	shipping_method TEXT    NOT NULL, -- '' is none yet
	country         TEXT    NOT NULL, -- the address's, in the clear
	address         BLOB,             -- sealed under the key of subject
	subject         TEXT    NOT NULL, -- '' without an address
	PRIMARY KEY (cart, n),
	CHECK ((address IS NULL) = (subject = ''))
) STRICT, WITHOUT ROWID;

-- Guest carts whose lines a customer's carts have taken over, and how many of
-- them so far.
CREATE TABLE cart_transfers (
	guest TEXT    NOT NULL PRIMARY KEY,
	slot  INTEGER NOT NULL,
	cart  TEXT    NOT NULL REFERENCES carts (id), -- the one that took the last of them
	lines INTEGER NOT NULL CHECK (lines >= 0),
	untaken TEXT NOT NULL CHECK (length(untaken) = lines), -- a 1 for each line that was not taken over in full, a 0 for each other
	at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Codes that shoppers have entered.
CREATE TABLE cart_codes (
	cart TEXT    NOT NULL REFERENCES carts (id),
	code TEXT    NOT NULL,
	slot INTEGER NOT NULL,
	n    INTEGER NOT NULL CHECK (n > 0), -- the order in which they were entered
	PRIMARY KEY (cart, code)
) STRICT, WITHOUT ROWID;
