-- What other systems keep with things that they seldom keep anything with:
-- payments, refunds, returns, pools of stock. So those have no columns for it.
CREATE TABLE notes (
	subject            TEXT    NOT NULL PRIMARY KEY, -- what the note is about
	slot               INTEGER NOT NULL,             -- of the subject
	external_reference TEXT    NOT NULL,
	metadata           TEXT,
	private_metadata   TEXT
) STRICT, WITHOUT ROWID;
