package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// CheckHeader looks at the first bytes of a database file before SQLite does. A file that is not one of ours, or no
// longer, is a [*CorruptError]. A file that is missing or empty passes: SQLite makes a new database of it.
//
// Call it while the file is not open. It does not look at the WAL; see [ScanWAL].
func CheckHeader(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqlite: check the header: %w", err)
	}
	defer f.Close()
	var head [24]byte
	n, err := io.ReadFull(f, head[:])
	switch {
	case err == io.EOF:
		return nil
	case err == io.ErrUnexpectedEOF:
		return &CorruptError{Path: path, Detail: "it is only " + strconv.Itoa(n) + " bytes long"}
	case err != nil:
		return fmt.Errorf("sqlite: check the header: %w", err)
	}
	if detail := headerDamage(head[:]); detail != "" {
		return &CorruptError{Path: path, Detail: detail}
	}
	return nil
}

func headerDamage(head []byte) string {
	const pageSize = 16
	switch {
	case string(head[:16]) != "SQLite format 3\x00":
		return "it does not begin like an SQLite file"
	case !bytes.Equal(head[pageSize:pageSize+2], []byte{4096 >> 8, 0}):
		return "its header names another page size than 4096"
	case !bytes.Equal(head[21:24], []byte{64, 32, 32}): // three fractions that the format fixes for ever
		return "its header has changed"
	}
	return ""
}
