-- An order lives on its cart's slot. Amounts are minor units of the order's
-- currency; times are milliseconds since 1970 UTC.

CREATE TABLE orders (
	id                 TEXT    NOT NULL PRIMARY KEY,
	slot               INTEGER NOT NULL,
	number             TEXT    NOT NULL, -- of the sequence; '' goes by the number in its ID
	cart               TEXT    NOT NULL,
	customer           TEXT    NOT NULL, -- '' is a guest
	currency           TEXT    NOT NULL CHECK (length(currency) = 3),
	status             TEXT    NOT NULL CHECK (status = 'pending' OR status = 'placed' OR status = 'canceled'),
	payment_status     TEXT    NOT NULL CHECK (payment_status = 'none' OR payment_status = 'authorized' OR payment_status = 'paid' OR payment_status = 'partially_paid' OR
		payment_status = 'partially_refunded' OR payment_status = 'refunded' OR payment_status = 'overcharged' OR payment_status = 'voided'),
	fulfilment_status  TEXT    NOT NULL CHECK (fulfilment_status = 'unfulfilled' OR fulfilment_status = 'partial' OR fulfilment_status = 'fulfilled' OR fulfilment_status = 'delivered' OR fulfilment_status = 'canceled'),
	cancel_reason      TEXT    NOT NULL,
	subtotal           INTEGER NOT NULL CHECK (subtotal >= 0),
	discount           INTEGER NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
	shipping           INTEGER NOT NULL CHECK (shipping >= 0),
	shipping_tax       INTEGER NOT NULL CHECK (shipping_tax BETWEEN 0 AND tax),
	tax                INTEGER NOT NULL CHECK (tax >= 0),
	fees               INTEGER NOT NULL CHECK (fees >= 0), -- those of lines, too
	own_fees           INTEGER NOT NULL CHECK (own_fees BETWEEN 0 AND fees), -- those of no line
	own_fees_tax       INTEGER NOT NULL CHECK (own_fees_tax BETWEEN 0 AND tax),
	tax_included       INTEGER NOT NULL CHECK (tax_included = 0 OR tax_included = 1), -- in subtotal, discount, fees and shipping, unless a line says otherwise
	tax_exempt         TEXT    NOT NULL CHECK (tax_exempt = '' OR tax = 0), -- the certificate by which no tax is due; '' if it is
	tax_added          INTEGER NOT NULL CHECK (tax_added BETWEEN 0 AND tax), -- what of tax is in none of them
	total              INTEGER NOT NULL CHECK (total = subtotal - discount + fees + shipping + tax_added),
	taxes              BLOB,             -- the sums of each tax, CBOR
	promotions         BLOB,             -- copies of those that reduced it, CBOR
	passed_over        BLOB,             -- those that were not applied because of others, CBOR
	shipping_method    TEXT    NOT NULL, -- '' is none
	shipping_name      TEXT    NOT NULL, -- of the method, as it was then
	authorized         INTEGER NOT NULL CHECK (authorized >= 0),
	captured           INTEGER NOT NULL CHECK (captured >= 0),
	voided             INTEGER NOT NULL CHECK (voided >= 0),
	refund_granted     INTEGER NOT NULL CHECK (refund_granted >= 0), -- owed back, whether done or not
	excess_granted     INTEGER NOT NULL DEFAULT 0 CHECK (excess_granted BETWEEN 0 AND refund_granted), -- of it, what was paid beyond the total
	refunded           INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
	units              INTEGER NOT NULL CHECK (units > 0),
	canceled           INTEGER NOT NULL CHECK (canceled >= 0), -- units, line by line
	shipped            INTEGER NOT NULL CHECK (shipped BETWEEN 0 AND units - canceled),
	delivered          INTEGER NOT NULL CHECK (delivered BETWEEN 0 AND shipped), -- units whose parcels have arrived
	returned           INTEGER NOT NULL CHECK (returned BETWEEN 0 AND shipped), -- units, too
	occurred_at        INTEGER NOT NULL, -- when the shopper bought, as the caller says
	created_at         INTEGER NOT NULL,
	placed_at          INTEGER NOT NULL, -- 0 until then
	canceled_at        INTEGER NOT NULL, -- 0 until then
	due                INTEGER NOT NULL, -- when somebody looks after a pending order, by the shard's clock
	version            INTEGER NOT NULL CHECK (version > 0),
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT,
	contact            BLOB,          -- sealed under the key of contact_subject
	contact_subject    TEXT NOT NULL, -- the customer or the guest cart; '' without a contact
	shipping_country   TEXT NOT NULL, -- the contact's, in the clear
	billing_country    TEXT NOT NULL,
	digital            INTEGER NOT NULL CHECK (digital = 0 OR digital = 1), -- a line has files to download
	split              INTEGER NOT NULL DEFAULT 0 CHECK (split = 0 OR split = 1), -- it goes to the places in order_deliveries
	terms              TEXT,          -- the payment terms that it was placed unpaid on; NULL is paid at checkout
	payment_due        INTEGER,       -- when it is to be paid by its terms, from when it was made
	joined             TEXT    NOT NULL DEFAULT '' CHECK (joined = '' OR (customer = '' AND placed_at > 0)), -- the customer whose address the guest had
	on_terms           INTEGER NOT NULL DEFAULT 0 CHECK (on_terms BETWEEN 0 AND total AND (on_terms = 0 OR terms IS NOT NULL)), -- what the checkout left to them
	overdue_at         INTEGER CHECK (overdue_at > payment_due), -- when it was found to be overdue; NULL if it was not
	CHECK (status <> 'canceled' OR shipped = 0),
	CHECK ((terms IS NULL) = (payment_due IS NULL) AND (terms IS NULL OR customer <> '')),
	CHECK (NOT tax_included OR shipping_tax <= shipping),
	CHECK (refund_granted <= max(total, captured)),
	CHECK ((placed_at = 0) OR status <> 'pending'),
	CHECK ((canceled_at <> 0) = (status = 'canceled')),
	CHECK ((contact IS NULL) = (contact_subject = ''))
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_by_customer ON orders (customer, id) WHERE customer <> '';

CREATE INDEX orders_joined ON orders (joined, id) WHERE joined <> '';

CREATE INDEX orders_on_terms ON orders (customer, payment_due) WHERE payment_due IS NOT NULL;

CREATE TABLE order_lines (
	order_id   TEXT    NOT NULL REFERENCES orders (id),
	line       INTEGER NOT NULL CHECK (line > 0),
	slot       INTEGER NOT NULL,
	sku        TEXT    NOT NULL,
	variant    TEXT    NOT NULL,
	pool       TEXT    NOT NULL, -- '' is not counted in stock, or parts say it
	parts      TEXT    NOT NULL DEFAULT '', -- JSON: [{"pool":…,"sku":…,"each":…,"from":…,"quantity":…},…]; '' is none
	title      TEXT    NOT NULL,
	quantity   INTEGER NOT NULL CHECK (quantity > 0),
	unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
	total      INTEGER NOT NULL CHECK (total = quantity * unit_price),
	discount   INTEGER NOT NULL CHECK (discount BETWEEN 0 AND total),
	fees       INTEGER NOT NULL CHECK (fees >= 0), -- on this line, with tax or without as its price
	net        INTEGER NOT NULL CHECK (net >= 0), -- with the fees
	tax        INTEGER NOT NULL CHECK (tax >= 0),
	gross      INTEGER NOT NULL CHECK (gross = net + tax),
	tax_included INTEGER NOT NULL CHECK (tax_included = 0 OR tax_included = 1), -- in its price
	properties TEXT    NOT NULL DEFAULT '', -- JSON, as in cart_lines
	reason     TEXT    NOT NULL, -- why the price was agreed; '' is the catalog's price
	price_by   TEXT    NOT NULL DEFAULT '', -- where the price came from, for people; '' is the variant's own
	digital    TEXT,             -- JSON, as in variants and as it was then; NULL is shipped
	canceled   INTEGER NOT NULL CHECK (canceled >= 0),
	shipped    INTEGER NOT NULL CHECK (shipped BETWEEN 0 AND quantity - canceled),
	returned   INTEGER NOT NULL CHECK (returned BETWEEN 0 AND shipped),
	delivery   INTEGER NOT NULL DEFAULT 1 CHECK (delivery > 0), -- 1 goes to the contact's address, others are in order_deliveries
	PRIMARY KEY (order_id, line),
	CHECK (pool = '' OR parts = ''),
	CHECK (total - discount + fees = iif(tax_included, gross, net))
) STRICT, WITHOUT ROWID;

-- Where an order goes, if that is not the contact's address alone.
CREATE TABLE order_deliveries (
	order_id        TEXT    NOT NULL REFERENCES orders (id),
	n               INTEGER NOT NULL CHECK (n > 0),
	slot            INTEGER NOT NULL,
	shipping_method TEXT    NOT NULL, -- '' is none
	shipping_name   TEXT    NOT NULL, -- of the method, as it was then
	shipping        INTEGER NOT NULL CHECK (shipping >= 0),
	shipping_tax    INTEGER NOT NULL CHECK (shipping_tax >= 0),
	tax_exempt      TEXT    NOT NULL CHECK (tax_exempt = '' OR shipping_tax = 0), -- the certificate by which no tax is due; '' if it is
	country         TEXT    NOT NULL, -- the address's, in the clear
	address         BLOB,             -- sealed under the key of subject
	subject         TEXT    NOT NULL, -- '' is the contact's address
	PRIMARY KEY (order_id, n),
	CHECK ((address IS NULL) = (subject = ''))
) STRICT, WITHOUT ROWID;

-- What was charged beside goods and shipping. That of a line is in the line's
-- amounts, too.
CREATE TABLE order_fees (
	order_id TEXT    NOT NULL REFERENCES orders (id),
	n        INTEGER NOT NULL CHECK (n > 0),
	slot     INTEGER NOT NULL,
	line     INTEGER NOT NULL CHECK (line >= 0), -- 0 is the order itself
	fee      TEXT    NOT NULL, -- the rule
	kind     TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	amount   INTEGER NOT NULL CHECK (amount >= 0),
	net      INTEGER NOT NULL CHECK (net >= 0),
	tax      INTEGER NOT NULL CHECK (tax >= 0),
	gross    INTEGER NOT NULL CHECK (gross = net + tax AND amount IN (net, gross)),
	PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE fulfilments (
	id       TEXT    NOT NULL PRIMARY KEY,
	order_id TEXT    NOT NULL REFERENCES orders (id),
	slot     INTEGER NOT NULL,
	units    INTEGER NOT NULL CHECK (units > 0),
	status   TEXT    NOT NULL CHECK (status = 'shipped' OR status = 'in_transit' OR status = 'delivered' OR status = 'failed_attempt' OR status = 'undeliverable' OR status = 'returned_to_sender'),
	carrier  TEXT    NOT NULL,
	tracking TEXT    NOT NULL,
	url      TEXT    NOT NULL, -- where the parcel can be followed; '' if unknown
	by       TEXT    NOT NULL, -- the principal who shipped
	at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX fulfilments_by_order ON fulfilments (order_id);

CREATE TABLE fulfilment_lines (
	fulfilment TEXT    NOT NULL REFERENCES fulfilments (id),
	line       INTEGER NOT NULL,
	slot       INTEGER NOT NULL,
	quantity   INTEGER NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (fulfilment, line)
) STRICT, WITHOUT ROWID;

-- What became of a parcel after it left. Rows are added and never change.
CREATE TABLE fulfilment_events (
	fulfilment TEXT    NOT NULL REFERENCES fulfilments (id),
	n          INTEGER NOT NULL CHECK (n > 0),
	slot       INTEGER NOT NULL,
	status     TEXT    NOT NULL,
	note       TEXT    NOT NULL,
	by         TEXT    NOT NULL,
	at         INTEGER NOT NULL, -- when it happened
	PRIMARY KEY (fulfilment, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE returns (
	id           TEXT    NOT NULL PRIMARY KEY,
	order_id     TEXT    NOT NULL REFERENCES orders (id),
	slot         INTEGER NOT NULL,
	state        TEXT    NOT NULL CHECK (state = 'requested' OR state = 'approved' OR state = 'rejected' OR state = 'canceled' OR state = 'received'),
	reason       TEXT    NOT NULL,
	note         TEXT    NOT NULL, -- what staff say to it, such as why it is rejected
	payer        TEXT    NOT NULL CHECK (payer = '' OR payer = 'shop' OR payer = 'shopper'), -- of the way back; '' if not decided
	by           TEXT    NOT NULL, -- the principal who asked for it
	requested_at INTEGER NOT NULL,
	decided_at   INTEGER NOT NULL, -- 0 until then
	received_at  INTEGER NOT NULL  -- when goods last came in; 0 until then
) STRICT, WITHOUT ROWID;

CREATE INDEX returns_by_order ON returns (order_id);

CREATE TABLE return_lines (
	return_id TEXT    NOT NULL REFERENCES returns (id),
	line      INTEGER NOT NULL,
	slot      INTEGER NOT NULL,
	quantity  INTEGER NOT NULL CHECK (quantity > 0), -- asked for
	received  INTEGER NOT NULL CHECK (received BETWEEN 0 AND quantity),
	damaged   INTEGER NOT NULL CHECK (damaged BETWEEN 0 AND received), -- not put back into stock
	PRIMARY KEY (return_id, line)
) STRICT, WITHOUT ROWID;

-- What shoppers get back and why, before it is paid: see Grant.
CREATE TABLE refund_grants (
	order_id   TEXT    NOT NULL REFERENCES orders (id),
	n          INTEGER NOT NULL CHECK (n > 0),
	slot       INTEGER NOT NULL,
	source     TEXT    NOT NULL CHECK (source = 'return' OR source = 'cancellation' OR source = 'change' OR source = 'other'),
	of         TEXT    NOT NULL, -- the return or change; ''
	state      TEXT    NOT NULL CHECK (state = 'granted' OR state = 'released' OR state = 'withdrawn'),
	reason     TEXT    NOT NULL,
	goods      INTEGER NOT NULL CHECK (goods >= 0),
	shipping   INTEGER NOT NULL CHECK (shipping >= 0),
	fees       INTEGER NOT NULL CHECK (fees >= 0), -- of no line
	other      INTEGER NOT NULL CHECK (other >= 0),
	excess     INTEGER NOT NULL CHECK (excess BETWEEN 0 AND other AND (excess = 0 OR state = 'released')), -- what of it was paid beyond the total
	amount     INTEGER NOT NULL CHECK (amount = goods + shipping + fees + other),
	tax        INTEGER NOT NULL CHECK (tax BETWEEN shipping_tax + fees_tax AND goods + shipping_tax + fees_tax),
	shipping_tax INTEGER NOT NULL CHECK (shipping_tax BETWEEN 0 AND shipping), -- of tax
	fees_tax   INTEGER NOT NULL CHECK (fees_tax BETWEEN 0 AND fees), -- of tax
	delivery   INTEGER NOT NULL CHECK (delivery >= 0 AND (delivery = 0 OR shipping > 0)), -- that shipping is of; 0 is all of the order
	by         TEXT    NOT NULL,
	at         INTEGER NOT NULL,
	decided_at INTEGER NOT NULL CHECK ((decided_at = 0) = (state = 'granted')),
	PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE refund_grant_lines (
	order_id TEXT    NOT NULL,
	n        INTEGER NOT NULL,
	line     INTEGER NOT NULL,
	slot     INTEGER NOT NULL,
	quantity INTEGER NOT NULL CHECK (quantity >= 0), -- 0 is a lower price
	amount   INTEGER NOT NULL CHECK (amount >= 0),
	tax      INTEGER NOT NULL CHECK (tax BETWEEN 0 AND amount),
	PRIMARY KEY (order_id, n, line),
	FOREIGN KEY (order_id, n) REFERENCES refund_grants (order_id, n)
) STRICT, WITHOUT ROWID;

-- What was changed about orders after they were placed: see ApplyChange.
CREATE TABLE order_changes (
	order_id TEXT    NOT NULL REFERENCES orders (id),
	n        INTEGER NOT NULL CHECK (n > 0),
	slot     INTEGER NOT NULL,
	reason   TEXT    NOT NULL,
	added    INTEGER NOT NULL CHECK (added = goods + shipping + tax),
	back     INTEGER NOT NULL CHECK (back >= 0), -- granted, as a refund of the change
	goods    INTEGER NOT NULL CHECK (goods >= 0), -- without tax
	shipping INTEGER NOT NULL CHECK (shipping >= 0), -- without tax
	tax      INTEGER NOT NULL CHECK (tax >= shipping_tax),
	shipping_tax INTEGER NOT NULL CHECK (shipping_tax >= 0), -- of it on shipping
	delivery INTEGER NOT NULL CHECK (delivery >= 0), -- that was added to, is sent otherwise or elsewhere; 0 if none was
	by       TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

-- How orders are numbered lives on the store's slot.
CREATE TABLE order_numbering (
	one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	slot   INTEGER NOT NULL,
	scheme TEXT    NOT NULL CHECK (scheme = 'own' OR scheme = 'sequence'),
	prefix TEXT    NOT NULL,
	since  INTEGER NOT NULL -- orders that were placed before are not in a sequence
) STRICT, WITHOUT ROWID;

CREATE TABLE order_sequences (
	prefix TEXT    NOT NULL PRIMARY KEY,
	slot   INTEGER NOT NULL,
	first  INTEGER NOT NULL CHECK (first > 0),
	next   INTEGER NOT NULL CHECK (next >= first)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_numbers (
	prefix   TEXT    NOT NULL REFERENCES order_sequences (prefix),
	n        INTEGER NOT NULL CHECK (n > 0),
	slot     INTEGER NOT NULL,
	number   TEXT    NOT NULL UNIQUE,
	order_id TEXT    NOT NULL UNIQUE,
	PRIMARY KEY (prefix, n)
) STRICT, WITHOUT ROWID;

-- Up to which of its events the placed orders of a shard have their numbers.
CREATE TABLE order_numbered (
	shard INTEGER NOT NULL PRIMARY KEY CHECK (shard >= 0),
	slot  INTEGER NOT NULL,
	done  INTEGER NOT NULL CHECK (done >= 0)
) STRICT, WITHOUT ROWID;

-- On which terms orders may be placed unpaid lives on the store's slot.
CREATE TABLE payment_terms (
	one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	slot    INTEGER NOT NULL,
	version INTEGER NOT NULL CHECK (version > 0), -- counts the changes
	terms   BLOB    NOT NULL -- all of them, CBOR
) STRICT, WITHOUT ROWID;

-- Customers who have asked for the orders of guests with their address, on their
-- own slots: see JoinGuests.
CREATE TABLE order_joins (
	customer TEXT    NOT NULL PRIMARY KEY,
	slot     INTEGER NOT NULL,
	at       INTEGER NOT NULL -- the last time, in ms since 1970 UTC
) STRICT, WITHOUT ROWID;

-- How far the letters are that bring gift cards to their buyers.
CREATE TABLE order_letters (
	order_id TEXT    NOT NULL REFERENCES orders (id),
	line     INTEGER NOT NULL CHECK (line > 0),
	unit     INTEGER NOT NULL CHECK (unit > 0),
	slot     INTEGER NOT NULL,
	state    TEXT    NOT NULL CHECK (state = 'sending' OR state = 'waiting' OR state = 'sent' OR state = 'failed'),
	by       TEXT    NOT NULL CHECK ((by <> '') = (state = 'sending')), -- who sends it
	until    INTEGER NOT NULL CHECK (until = 0 OR state = 'sending' OR state = 'waiting'), -- when others may take it, by the shard's clock
	tries    INTEGER NOT NULL CHECK (tries > 0),
	since    INTEGER NOT NULL, -- when it was first tried
	at       INTEGER NOT NULL, -- when its state was noted
	PRIMARY KEY (order_id, line, unit)
) STRICT, WITHOUT ROWID;
