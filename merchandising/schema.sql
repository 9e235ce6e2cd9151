-- What a merchant wants shoppers to find, on the store slot. Package search
-- reads it as a whole.

CREATE TABLE search_rules (
	locale     TEXT    NOT NULL, -- '' is every language
	query      TEXT    NOT NULL, -- in lower case, with single blanks; '' is every text, and none
	slot       INTEGER NOT NULL,
	pins       TEXT    NOT NULL CHECK (json_type(pins) = 'array'),   -- of product IDs
	buries     TEXT    NOT NULL CHECK (json_type(buries) = 'array'), -- of product IDs
	boosts     TEXT    NOT NULL CHECK (json_type(boosts) = 'array'),
	redirect   TEXT    NOT NULL,
	version    INTEGER NOT NULL CHECK (version > 0), -- that of all rules when it was put
	updated_at INTEGER NOT NULL, -- ms since 1970 UTC
	PRIMARY KEY (locale, query)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_vocabularies (
	locale     TEXT    NOT NULL PRIMARY KEY, -- '' is every language
	slot       INTEGER NOT NULL,
	synonyms   TEXT    NOT NULL CHECK (json_type(synonyms) = 'array'), -- of groups of phrases
	stop_words TEXT    NOT NULL CHECK (json_type(stop_words) = 'array'),
	version    INTEGER NOT NULL CHECK (version > 0), -- that of all rules when it was put
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often the rules and vocabularies have changed.
CREATE TABLE search_rules_version (
	one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	version INTEGER NOT NULL CHECK (version > 0)
) STRICT;

-- Texts that found nothing: the most frequent ones of each locale.
CREATE TABLE search_misses (
	locale  TEXT    NOT NULL,
	text    TEXT    NOT NULL,
	slot    INTEGER NOT NULL,
	count   INTEGER NOT NULL CHECK (count > 0),
	last_at INTEGER NOT NULL, -- ms since 1970 UTC
	PRIMARY KEY (locale, text)
) STRICT, WITHOUT ROWID;
