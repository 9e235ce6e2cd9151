-- The rules of a store, on the store slot. They are read as a whole and only
-- as a whole, so each is one encoded value.

CREATE TABLE price_rules (
	kind       TEXT    NOT NULL CHECK (kind = 'settings' OR kind = 'tax_zone' OR kind = 'shipping_zone' OR kind = 'promotion' OR kind = 'quantity_rule' OR kind = 'fee'),
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

-- A code and the promotion that it asks for, on the slot of the code's hash.
CREATE TABLE coupons (
	id         TEXT    NOT NULL PRIMARY KEY, -- follows from the code
	slot       INTEGER NOT NULL,
	code       TEXT    NOT NULL,
	promotion  TEXT    NOT NULL,
	limits     BLOB    NOT NULL, -- CBOR
	revoked    INTEGER NOT NULL CHECK (revoked IN (0, 1)),
	created_at INTEGER NOT NULL, -- ms since 1970 UTC
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX coupons_by_promotion ON coupons (promotion, id);

-- Uses of what has a limit, on the order's slot. The uses of an order that
-- failed or was canceled are gone.
CREATE TABLE redemptions (
	order_id TEXT    NOT NULL,
	of       TEXT    NOT NULL, -- the ID of a coupon or of a promotion's limits, or a quantity rule and a SKU
	slot     INTEGER NOT NULL,
	customer TEXT    NOT NULL, -- '' is a guest
	code     TEXT    NOT NULL, -- '' if none was needed
	amount   INTEGER NOT NULL CHECK (amount >= 0), -- minor units of the order's currency
	at       INTEGER NOT NULL,
	-- What bound it then: the order holds a unit of the pool of uses, and amount of that of the budget.
	uses         INTEGER NOT NULL CHECK (uses IN (0, 1)),
	budget       TEXT    NOT NULL, -- its currency; '' is none
	per_customer INTEGER NOT NULL CHECK (per_customer >= 0), -- 0 is no limit
	units        INTEGER NOT NULL DEFAULT 1 CHECK (units > 0), -- 1 use, or the units of a SKU that a quantity rule counts
	PRIMARY KEY (order_id, of)
) STRICT, WITHOUT ROWID;

CREATE INDEX redemptions_by_customer ON redemptions (customer, of) WHERE customer <> '';

-- Customers who owe no tax somewhere, on the customer's slot.
CREATE TABLE tax_exemptions (
	customer    TEXT    NOT NULL,
	certificate TEXT    NOT NULL CHECK (certificate <> ''),
	slot        INTEGER NOT NULL,
	body        BLOB    NOT NULL, -- CBOR
	updated_at  INTEGER NOT NULL, -- ms since 1970 UTC
	PRIMARY KEY (customer, certificate)
) STRICT, WITHOUT ROWID;
