package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// WALHeader is the header of a WAL. SQLite writes another one each time the WAL
// starts over, so it tells one WAL of a file from the next. The zero value is
// that of none.
type WALHeader [walHeaderSize]byte

// ReadWALHeader reads the header of the WAL of the database file at path,
// damaged or not. It may be called while the file is open.
func ReadWALHeader(path string) (h WALHeader, err error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return WALHeader{}, nil
	}
	if err != nil {
		return WALHeader{}, fmt.Errorf("sqlite: read the header of the WAL: %w", err)
	}
	defer f.Close()
	switch _, err := io.ReadFull(f, h[:]); err {
	case nil:
		return h, nil
	case io.EOF, io.ErrUnexpectedEOF:
		return WALHeader{}, nil
	default:
		return WALHeader{}, fmt.Errorf("sqlite: read the header of the WAL: %w", err)
	}
}
