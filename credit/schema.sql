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
	order_id   TEXT    NOT NULL DEFAULT '' CHECK (order_id = '' OR kind = 'gift_card'), -- that it was bought with; '' if none
	sold       INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0 AND (sold = 0 OR order_id <> '')), -- for how much; 0 once it was taken back
	refused    INTEGER NOT NULL DEFAULT 0 CHECK (refused >= 0), -- the last time of being asked back that it had been used
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

-- The gift cards that an order has bought, on the order's slot, one row for each
-- unit that was handed over. Their codes follow from the order: see SoldCard.
CREATE TABLE sold_cards (
	order_id TEXT    NOT NULL REFERENCES orders (id),
	line     INTEGER NOT NULL CHECK (line > 0),
	unit     INTEGER NOT NULL CHECK (unit > 0), -- of the line, from 1
	slot     INTEGER NOT NULL,
	balance  TEXT    NOT NULL,
	last4    TEXT    NOT NULL, -- of the code
	amount   INTEGER NOT NULL CHECK (amount > 0),
	state    TEXT    NOT NULL CHECK (state = 'due' OR state = 'issued' OR state = 'asked_back' OR state = 'taken_back'),
	reason   TEXT    NOT NULL, -- why it was taken back, or was to be
	asked    INTEGER NOT NULL CHECK (asked >= 0), -- how often it was asked back
	at       INTEGER NOT NULL, -- when it was handed over
	PRIMARY KEY (order_id, line, unit)
) STRICT, WITHOUT ROWID;
