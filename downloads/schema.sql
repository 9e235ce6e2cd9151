-- Links and counts live on their order's slot; the settings on the store's.
-- Times are milliseconds since 1970 UTC.

-- A link lets whoever has its token download one file of one line.
CREATE TABLE download_links (
	token    BLOB    NOT NULL PRIMARY KEY CHECK (length(token) = 32), -- its SHA-256
	order_id TEXT    NOT NULL REFERENCES orders (id),
	line     INTEGER NOT NULL CHECK (line > 0),
	file     INTEGER NOT NULL CHECK (file > 0), -- of the line's, from 1
	slot     INTEGER NOT NULL,
	by       TEXT    NOT NULL, -- the principal who made it
	at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX download_links_by_file ON download_links (order_id, line, file, at);

-- How often each file was downloaded.
CREATE TABLE download_counts (
	order_id TEXT    NOT NULL REFERENCES orders (id),
	line     INTEGER NOT NULL CHECK (line > 0),
	file     INTEGER NOT NULL CHECK (file > 0),
	slot     INTEGER NOT NULL,
	used     INTEGER NOT NULL CHECK (used > 0),
	first_at INTEGER NOT NULL,
	last_at  INTEGER NOT NULL CHECK (last_at >= first_at),
	PRIMARY KEY (order_id, line, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE download_settings (
	one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	slot     INTEGER NOT NULL,
	by_staff INTEGER NOT NULL CHECK (by_staff = 0 OR by_staff = 1),
	version  INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;
