// Package assets keeps the files of a shop: pictures, films, manuals. A file
// goes by the hash of its content, so that the same file is kept once, never
// changes under its name, and may be cached for ever.
package assets

import (
	"context"
	"io"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// ID names a file by its content: its SHA-256 in 64 hexadecimal digits.
type ID string

// Check returns fault.Invalid unless id has the form of an ID.
func (id ID) Check() error {
	if len(id) != 64 || strings.Trim(string(id), "0123456789abcdef") != "" {
		s := string(id)
		if len(s) > 80 {
			s = s[:80] + "…"
		}
		return fault.New(fault.Invalid, "%q is not the ID of an asset: 64 hexadecimal digits", s)
	}
	return nil
}

// Store keeps files by their content. Its methods are safe for concurrent use.
// Dir is one implementation; an adapter to a bucket in the cloud is another.
type Store interface {
	// Put stores everything that r holds and returns its ID. When it returns
	// nil the file is durable. Storing a file that is there changes nothing.
	// An error of r comes back wrapped, and nothing is stored.
	Put(ctx context.Context, r io.Reader) (ID, error)
	// Open opens a file for reading. The error is a *NotFoundError if there
	// is none.
	Open(ctx context.Context, id ID) (File, error)
	// Remove deletes a file. Removing one that is not there does nothing.
	Remove(ctx context.Context, id ID) error
}

// File is an open file. Its caller closes it.
type File interface {
	io.ReadSeekCloser
	// Size returns the length in bytes.
	Size() int64
}

// NotFoundError says that there is no file with an ID.
type NotFoundError struct{ ID ID }

func (e *NotFoundError) Error() string { return "there is no asset " + string(e.ID) }

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }
