-- A customer lives on a slot of their own, and all that they buy with them.
-- Sealed columns open under the key of the subject that the ID names.
CREATE TABLE customers (
	id                 TEXT    NOT NULL PRIMARY KEY,
	slot               INTEGER NOT NULL,
	email              BLOB, -- sealed
	email_claim        BLOB    CHECK (length(email_claim) = 32),
	email_verified     INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
	name               BLOB, -- sealed
	phone              BLOB, -- sealed
	phone_hash         BLOB    CHECK (length(phone_hash) = 32), -- keyed; not unique
	groups             TEXT    NOT NULL, -- JSON: sorted texts
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT,
	version            INTEGER NOT NULL CHECK (version > 0),
	erased             INTEGER NOT NULL CHECK (erased IN (0, 1)),
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	CHECK (erased = 0 OR (email IS NULL AND email_claim IS NULL AND name IS NULL AND phone IS NULL)),
	CHECK ((email IS NULL) = (email_claim IS NULL)),
	CHECK (email_verified = 0 OR email IS NOT NULL),
	CHECK (phone_hash IS NULL OR phone IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX customers_by_phone ON customers (phone_hash) WHERE phone_hash IS NOT NULL;

CREATE TABLE addresses (
	id         TEXT    NOT NULL PRIMARY KEY,
	slot       INTEGER NOT NULL,
	customer   TEXT    NOT NULL REFERENCES customers (id),
	sealed     BLOB    NOT NULL,
	country    TEXT    NOT NULL CHECK (length(country) = 2),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX addresses_by_customer ON addresses (customer, id);

-- How a customer proves who they are. Whoever has a session or a letter has a
-- row, with a password or without.
CREATE TABLE credentials (
	customer   TEXT    NOT NULL PRIMARY KEY REFERENCES customers (id),
	slot       INTEGER NOT NULL,
	password   BLOB,             -- sealed: an argon2id hash in PHC form
	version    INTEGER NOT NULL CHECK (version >= 0), -- counts the passwords
	expire_due INTEGER NOT NULL, -- of the timer that drops what has expired; 0 if nothing can
	CHECK ((password IS NULL) = (version = 0))
) STRICT, WITHOUT ROWID;

-- Who is logged in. The token itself is with its bearer only. Times are of the
-- wall clock.
CREATE TABLE sessions (
	id         TEXT    NOT NULL PRIMARY KEY,
	slot       INTEGER NOT NULL,
	customer   TEXT    NOT NULL REFERENCES customers (id),
	hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token
	device     BLOB, -- sealed
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL CHECK (expires_at > created_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_customer ON sessions (customer, id);

-- Letters that were sent to a customer's e-mail address and not used yet.
CREATE TABLE letters (
	hash        BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of the token
	slot        INTEGER NOT NULL,
	customer    TEXT    NOT NULL REFERENCES customers (id),
	kind        TEXT    NOT NULL CHECK (kind IN ('verify_email', 'reset_password')),
	email_claim BLOB    NOT NULL CHECK (length(email_claim) = 32), -- where it went
	created_at  INTEGER NOT NULL,
	expires_at  INTEGER NOT NULL CHECK (expires_at > created_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX letters_by_customer ON letters (customer, kind);

-- Log-ins that failed in a row, on the slot of the hash of the e-mail address
-- that was tried, whether or not somebody has it: nobody is to learn that.
CREATE TABLE login_failures (
	hash     BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	slot     INTEGER NOT NULL,
	failures INTEGER NOT NULL CHECK (failures > 0),
	last_at  INTEGER NOT NULL,
	due      INTEGER NOT NULL -- of the timer that forgets them
) STRICT, WITHOUT ROWID;
