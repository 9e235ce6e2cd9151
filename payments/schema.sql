-- Everything here lives on the order's slot. Amounts are minor units; times
-- are milliseconds since 1970 UTC, except retry_at, which is the shard's clock.

CREATE TABLE attempts (
	id           TEXT    NOT NULL PRIMARY KEY, -- also the provider's idempotency key
	order_id     TEXT    NOT NULL REFERENCES orders (id),
	slot         INTEGER NOT NULL,
	n            INTEGER NOT NULL CHECK (n > 0),
	provider     TEXT    NOT NULL CHECK (provider <> ''),
	token        TEXT    NOT NULL,
	currency     TEXT    NOT NULL,
	amount       INTEGER NOT NULL CHECK (amount > 0),
	auto_capture INTEGER NOT NULL CHECK (auto_capture BETWEEN 0 AND 2), -- 1 at once, 2 when the order is placed
	further      INTEGER NOT NULL DEFAULT 0 CHECK (further BETWEEN 0 AND 1), -- made after the order was placed
	method       TEXT    NOT NULL, -- how it is paid, in the shop's words
	installments INTEGER NOT NULL CHECK (installments >= 0),
	state        TEXT    NOT NULL CHECK (state = 'created' OR state = 'captured' OR state = 'authorized' OR state = 'unknown' OR state = 'needs_action' OR
		state = 'pending' OR state = 'declined' OR state = 'canceled' OR state = 'voided'),
	provider_id  TEXT    NOT NULL,
	authorized   INTEGER NOT NULL CHECK (authorized >= captured + voided),
	captured     INTEGER NOT NULL CHECK (captured >= 0 AND (captured = 0 OR state = 'captured')),
	voided       INTEGER NOT NULL CHECK (voided >= 0),
	refunded     INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
	chosen       INTEGER NOT NULL DEFAULT 0 CHECK (chosen BETWEEN 0 AND captured), -- up to what refunds go here first
	decline_code TEXT    NOT NULL,
	raw_code     TEXT    NOT NULL,
	next_action  TEXT    NOT NULL, -- JSON, while the state is needs_action
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX attempts_by_order ON attempts (order_id, n);

-- What was learned of attempts, from whoever it was heard first: their state from
-- then on, and by how much their amounts changed, which these rows add up to. They
-- are added and never change.
CREATE TABLE payment_events (
	attempt    TEXT    NOT NULL REFERENCES attempts (id),
	n          INTEGER NOT NULL CHECK (n > 0),
	slot       INTEGER NOT NULL,
	state      TEXT    NOT NULL CHECK (state <> '' AND state <> 'created'),
	authorized INTEGER NOT NULL CHECK (authorized >= 0),
	captured   INTEGER NOT NULL CHECK (captured >= 0),
	voided     INTEGER NOT NULL, -- below 0 if what was let go was taken after all
	refunded   INTEGER NOT NULL CHECK (refunded >= 0),
	at         INTEGER NOT NULL,
	decline_code TEXT  NOT NULL CHECK ((decline_code <> '') = (state = 'declined')), -- an attempt may be paid after all
	PRIMARY KEY (attempt, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER payment_events_never_change BEFORE UPDATE ON payment_events
BEGIN SELECT RAISE (ABORT, 'what was learned of payments is written once'); END;

-- What is asked of a provider after the payment, written before it is asked.
CREATE TABLE operations (
	attempt      TEXT    NOT NULL REFERENCES attempts (id),
	n            INTEGER NOT NULL CHECK (n > 0),
	order_id     TEXT    NOT NULL REFERENCES orders (id),
	slot         INTEGER NOT NULL,
	kind         TEXT    NOT NULL CHECK (kind = 'capture' OR kind = 'void' OR kind = 'refund'),
	currency     TEXT    NOT NULL,
	amount       INTEGER NOT NULL CHECK (amount > 0),
	state        TEXT    NOT NULL CHECK (state = 'intent' OR state = 'unknown' OR state = 'pending' OR state = 'succeeded' OR state = 'failed'),
	provider_id  TEXT    NOT NULL,
	decline_code TEXT    NOT NULL,
	raw_code     TEXT    NOT NULL,
	reason       TEXT    NOT NULL,
	final        INTEGER NOT NULL DEFAULT 0 CHECK (final = 0 OR final = 1 AND kind = 'capture'), -- what it leaves is let go
	retry_at     INTEGER NOT NULL, -- not before this; 0 is at once
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (attempt, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX operations_by_order ON operations (order_id);

-- The ledger: rows are added and never change. Debits are positive.
CREATE TABLE postings (
	order_id TEXT    NOT NULL,
	txn      TEXT    NOT NULL,
	n        INTEGER NOT NULL CHECK (n > 0),
	slot     INTEGER NOT NULL,
	account  TEXT    NOT NULL CHECK (account <> ''),
	currency TEXT    NOT NULL,
	amount   INTEGER NOT NULL CHECK (amount <> 0),
	at       INTEGER NOT NULL,
	PRIMARY KEY (order_id, txn, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER postings_never_change BEFORE UPDATE ON postings
BEGIN SELECT RAISE (ABORT, 'the ledger is written once'); END;

-- What a provider's books and the store's do not agree about, with the payment
-- or on the slot of its name's hash.
CREATE TABLE discrepancies (
	provider    TEXT    NOT NULL,
	key         TEXT    NOT NULL, -- the attempt's ID, or what the provider calls it
	kind        TEXT    NOT NULL CHECK (kind = 'unknown_payment' OR kind = 'missing_payment' OR kind = 'amount_differs' OR kind = 'still_held' OR kind = 'lost_payment'),
	slot        INTEGER NOT NULL,
	provider_id TEXT    NOT NULL,
	order_id    TEXT    NOT NULL, -- '' if the store knows of none
	currency    TEXT    NOT NULL,
	ours        INTEGER NOT NULL,
	theirs      INTEGER NOT NULL,
	made_at     INTEGER NOT NULL DEFAULT 0, -- the payment itself, by the provider's clock
	found_at    INTEGER NOT NULL,
	found_clock INTEGER NOT NULL DEFAULT 0, -- the shard's clock
	cleared_at  INTEGER NOT NULL, -- 0 until somebody has looked
	note        TEXT    NOT NULL,
	cleared_by  TEXT    NOT NULL DEFAULT '', -- the principal who looked
	-- Giving a lost payment back: the provider is or was asked for the n-th time
	-- to refund this much.
	back_state  TEXT    NOT NULL DEFAULT '' CHECK (back_state = '' OR kind = 'lost_payment' AND (back_state = 'asked' OR back_state = 'given' OR back_state = 'refused')),
	back_n      INTEGER NOT NULL DEFAULT 0 CHECK (back_n >= 0 AND (back_n > 0 OR back_state = '')),
	back_amount INTEGER NOT NULL DEFAULT 0 CHECK (back_amount >= 0),
	CHECK (back_state <> 'given' OR cleared_at > 0),
	PRIMARY KEY (provider, key, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX discrepancies_lost ON discrepancies (provider, key) WHERE kind = 'lost_payment' AND cleared_at = 0;
CREATE INDEX discrepancies_of_orders ON discrepancies (order_id) WHERE cleared_at = 0;

-- What people have found out about payments and operations that no provider
-- would tell of. Rows are added and never change.
CREATE TABLE resolutions (
	attempt   TEXT    NOT NULL REFERENCES attempts (id),
	operation INTEGER NOT NULL CHECK (operation >= 0), -- 0 is the payment itself
	n         INTEGER NOT NULL CHECK (n > 0),
	order_id  TEXT    NOT NULL REFERENCES orders (id),
	slot      INTEGER NOT NULL,
	state     TEXT    NOT NULL CHECK (state <> ''), -- what they say it came to
	reference TEXT    NOT NULL, -- what the provider calls it; '' if they do not say
	reason    TEXT    NOT NULL CHECK (reason <> ''),
	by        TEXT    NOT NULL,
	at        INTEGER NOT NULL,
	PRIMARY KEY (attempt, operation, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX resolutions_by_order ON resolutions (order_id);

-- What providers told by webhook, once for each event. Rows that are done are
-- kept for a while, so that a repetition is known.
CREATE TABLE notices (
	provider    TEXT    NOT NULL,
	event       TEXT    NOT NULL CHECK (event <> ''),
	slot        INTEGER NOT NULL,
	attempt     TEXT    NOT NULL REFERENCES attempts (id),
	order_id    TEXT    NOT NULL REFERENCES orders (id),
	kind        TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	done        INTEGER NOT NULL CHECK (done IN (0, 1)),
	PRIMARY KEY (provider, event)
) STRICT, WITHOUT ROWID;

CREATE INDEX notices_to_do ON notices (order_id) WHERE done = 0;
CREATE INDEX notices_by_age ON notices (received_at) WHERE done = 1;

-- Means of payment that customers keep for later, on the customer's slot. What
-- the provider calls them is sealed under the customer's data key.
CREATE TABLE payment_methods (
	id         TEXT    NOT NULL PRIMARY KEY,
	customer   TEXT    NOT NULL CHECK (customer <> ''),
	slot       INTEGER NOT NULL,
	provider   TEXT    NOT NULL CHECK (provider <> ''),
	state      TEXT    NOT NULL CHECK (state = 'saving' OR state = 'kept' OR state = 'removing'),
	preferred  INTEGER NOT NULL CHECK (preferred = 0 OR preferred = 1 AND state = 'kept'),
	sealed     BLOB    NOT NULL, -- while it is saved the token, then the provider's names and what a card shows
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX payment_methods_by_customer ON payment_methods (customer, id);
CREATE UNIQUE INDEX payment_methods_preferred ON payment_methods (customer) WHERE preferred = 1;
