-- A document lives on its order's slot and is written once: only its number
-- and the date of its issue come later, once. Amounts are minor units of the
-- currency beside them; times are milliseconds since 1970 UTC.

CREATE TABLE documents (
	id              TEXT    NOT NULL PRIMARY KEY,
	order_id        TEXT    NOT NULL REFERENCES orders (id),
	slot            INTEGER NOT NULL,
	kind            TEXT    NOT NULL CHECK (kind = 'invoice' OR kind = 'credit_note'),
	of              TEXT    NOT NULL CHECK ((of = '') = (kind = 'invoice')), -- the invoice that a credit note corrects
	grant_n         INTEGER NOT NULL CHECK (grant_n >= 0), -- the refund of the order that a credit note is for; 0 is what a canceled order had left
	number          TEXT    NOT NULL, -- '' until it is issued
	issued_at       INTEGER NOT NULL CHECK ((issued_at = 0) = (number = '')),
	order_number    TEXT    NOT NULL,
	currency        TEXT    NOT NULL CHECK (length(currency) = 3),
	tax_included    INTEGER NOT NULL CHECK (tax_included = 0 OR tax_included = 1), -- in the unit prices
	change_n        INTEGER NOT NULL CHECK (change_n >= 0), -- up to which changes and lines of the order an invoice goes
	line_n          INTEGER NOT NULL CHECK (line_n >= 0),
	net             INTEGER NOT NULL,
	tax             INTEGER NOT NULL,
	gross           INTEGER NOT NULL CHECK (gross = net + tax AND gross >= 0),
	taxes           BLOB,             -- by tax and rate, CBOR
	reason          TEXT    NOT NULL, -- of a credit note, or why an invoice has no tax
	seller          BLOB,             -- as it was then, CBOR
	contact         BLOB,             -- the order's, sealed under the key of contact_subject
	contact_subject TEXT    NOT NULL,
	supplied_at     INTEGER NOT NULL, -- when goods first left; 0 if none had
	payable_until   INTEGER CHECK (payable_until IS NULL OR kind = 'invoice'), -- by payment terms; NULL if the order has none
	at              INTEGER NOT NULL,
	CHECK ((contact IS NULL) = (contact_subject = ''))
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_by_order ON documents (order_id, id);

CREATE TRIGGER documents_never_change BEFORE UPDATE ON documents
WHEN OLD.number <> '' OR (NEW.id, NEW.order_id, NEW.kind, NEW.of, NEW.grant_n, NEW.order_number, NEW.currency, NEW.tax_included, NEW.net, NEW.tax, NEW.gross, NEW.at)
	<> (OLD.id, OLD.order_id, OLD.kind, OLD.of, OLD.grant_n, OLD.order_number, OLD.currency, OLD.tax_included, OLD.net, OLD.tax, OLD.gross, OLD.at)
	OR NEW.taxes IS NOT OLD.taxes OR NEW.seller IS NOT OLD.seller OR NEW.contact IS NOT OLD.contact
BEGIN SELECT RAISE (ABORT, 'a document is written once'); END;

CREATE TABLE document_lines (
	document   TEXT    NOT NULL REFERENCES documents (id),
	n          INTEGER NOT NULL CHECK (n > 0),
	slot       INTEGER NOT NULL,
	kind       TEXT    NOT NULL CHECK (kind = 'goods' OR kind = 'shipping' OR kind = 'fee' OR kind = 'other'),
	line       INTEGER NOT NULL CHECK ((line > 0) = (kind = 'goods')), -- of the order
	sku        TEXT    NOT NULL,
	title      TEXT    NOT NULL,
	quantity   INTEGER NOT NULL CHECK (quantity >= 0), -- 0 is a lower price
	unit_price INTEGER NOT NULL,
	net        INTEGER NOT NULL,
	tax        INTEGER NOT NULL,
	gross      INTEGER NOT NULL CHECK (gross = net + tax),
	delivery   INTEGER NOT NULL CHECK (delivery >= 0), -- of the order, if that goes to several places; 0 otherwise
	PRIMARY KEY (document, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER document_lines_never_change BEFORE UPDATE ON document_lines
BEGIN SELECT RAISE (ABORT, 'a document is written once'); END;

-- Which document states each released refund of an order: an invoice that was
-- drawn up later, or a credit note.
CREATE TABLE documented_grants (
	order_id TEXT    NOT NULL REFERENCES orders (id),
	n        INTEGER NOT NULL CHECK (n > 0),
	slot     INTEGER NOT NULL,
	document TEXT    NOT NULL REFERENCES documents (id),
	PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

-- What follows lives on the store's slot.
CREATE TABLE document_settings (
	one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	slot    INTEGER NOT NULL,
	body    BLOB    NOT NULL, -- CBOR
	version INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE document_series (
	series TEXT    NOT NULL PRIMARY KEY, -- as in INV-2026
	slot   INTEGER NOT NULL,
	next   INTEGER NOT NULL CHECK (next > 0),
	last   INTEGER NOT NULL -- when the last number was given
) STRICT, WITHOUT ROWID;

CREATE TABLE document_numbers (
	series    TEXT    NOT NULL REFERENCES document_series (series),
	n         INTEGER NOT NULL CHECK (n > 0),
	slot      INTEGER NOT NULL,
	number    TEXT    NOT NULL UNIQUE,
	document  TEXT    NOT NULL UNIQUE,
	issued_at INTEGER NOT NULL,
	PRIMARY KEY (series, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER document_numbers_never_change BEFORE UPDATE ON document_numbers
BEGIN SELECT RAISE (ABORT, 'a document keeps its number'); END;

-- Up to which of its events the orders of a shard have their documents.
CREATE TABLE documented (
	shard INTEGER NOT NULL PRIMARY KEY CHECK (shard >= 0),
	slot  INTEGER NOT NULL,
	done  INTEGER NOT NULL CHECK (done >= 0)
) STRICT, WITHOUT ROWID;
