-- A customer lives on a slot of their own, and all that they buy with them.
-- Sealed columns open under the key of the subject that the ID names.
CREATE TABLE customers (
	id                 TEXT    NOT NULL PRIMARY KEY,
	slot               INTEGER NOT NULL,
	email              BLOB, -- sealed
	email_claim        BLOB    CHECK (length(email_claim) = 32),
	name               BLOB, -- sealed
	phone              BLOB, -- sealed
	groups             TEXT    NOT NULL, -- JSON: sorted texts
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT,
	version            INTEGER NOT NULL CHECK (version > 0),
	erased             INTEGER NOT NULL CHECK (erased IN (0, 1)),
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	CHECK (erased = 0 OR (email IS NULL AND email_claim IS NULL AND name IS NULL AND phone IS NULL)),
	CHECK ((email IS NULL) = (email_claim IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE addresses (
	id         TEXT    NOT NULL PRIMARY KEY,
	slot       INTEGER NOT NULL,
	customer   TEXT    NOT NULL REFERENCES customers (id),
	sealed     BLOB    NOT NULL,
	country    TEXT    NOT NULL CHECK (length(country) = 2),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX addresses_by_customer ON addresses (customer, id);
