-- The data key of each person whose fields are sealed, wrapped by the store's
-- key ring. An erased subject keeps its row, without the key, so that nothing
-- brings it back.
CREATE TABLE subject_keys (
	subject TEXT    NOT NULL PRIMARY KEY,
	slot    INTEGER NOT NULL,
	epoch   INTEGER NOT NULL CHECK (epoch > 0),
	wrapped BLOB,
	erased  INTEGER NOT NULL CHECK (erased IN (0, 1)),
	CHECK ((wrapped IS NULL) = (erased = 1))
) STRICT, WITHOUT ROWID;
