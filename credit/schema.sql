-- A balance lives on its own slot: a gift card on that of its code's hash,
-- store credit on its customer's. Amounts are minor units; times are
-- milliseconds since 1970 UTC.

CREATE TABLE balances (
	id         TEXT    NOT NULL PRIMARY KEY, -- follows from the code, or from customer and currency
	slot       INTEGER NOT NULL,
	kind       TEXT    NOT NULL CHECK (kind = 'gift_card' OR kind = 'store_credit'),
	customer   TEXT    NOT NULL CHECK ((customer = '') = (kind = 'gift_card')),
	last4      TEXT    NOT NULL, -- of the code
	currency   TEXT    NOT NULL CHECK (length(currency) = 3),
	issued     INTEGER NOT NULL CHECK (issued >= held + spent), -- put in, less what was taken out by people
	held       INTEGER NOT NULL CHECK (held >= 0),              -- by payments that are not captured
	spent      INTEGER NOT NULL CHECK (spent >= 0),             -- captured and not given back
	expires_at INTEGER NOT NULL, -- 0 is never
	disabled   INTEGER NOT NULL CHECK (disabled IN (0, 1)),
	version    INTEGER NOT NULL CHECK (version > 0),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX balances_by_customer ON balances (customer, id) WHERE customer <> '';

-- What orders have asked a balance for, by the payment attempt's ID.
CREATE TABLE balance_payments (
	id         TEXT    NOT NULL PRIMARY KEY,
	balance    TEXT    NOT NULL, -- '' if it was ended before it was asked for
	order_id   TEXT    NOT NULL,
	slot       INTEGER NOT NULL,
	asked      INTEGER NOT NULL CHECK (asked >= 0),
	at_once    INTEGER NOT NULL CHECK (at_once IN (0, 1)), -- captured with the payment
	state      TEXT    NOT NULL,
	decline    TEXT    NOT NULL, -- why it was declined
	authorized INTEGER NOT NULL CHECK (authorized >= captured + voided),
	captured   INTEGER NOT NULL CHECK (captured >= 0),
	voided     INTEGER NOT NULL CHECK (voided >= 0),
	refunded   INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
	at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX balance_payments_by_balance ON balance_payments (balance);

-- The answers to captures, voids and refunds, by their keys.
CREATE TABLE balance_operations (
	id      TEXT    NOT NULL PRIMARY KEY,
	payment TEXT    NOT NULL,
	slot    INTEGER NOT NULL,
	answer  BLOB    NOT NULL, -- CBOR
	at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
