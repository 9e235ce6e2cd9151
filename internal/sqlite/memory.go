package sqlite

import (
	"errors"
	"strings"
	"unsafe"

	"modernc.org/libc"
)

// Pointers into the C heap are plain numbers to Go: the collector neither moves nor frees what they point at.

// ptr makes a C address usable. The detour through memory tells vet that p never was a Go pointer.
func ptr(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// view is the n bytes at the C address p. They are valid until SQLite or the owner frees them.
func view(p uintptr, n int) []byte { return unsafe.Slice((*byte)(ptr(p)), n) }

// code is the address of the function in *f as SQLite calls it. Whoever owns f keeps it alive.
func code[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

// alloc returns n zeroed bytes of the C heap. Like the Go heap, it does not return when there is no more memory.
func (c *Conn) alloc(n int) uintptr {
	p := libc.Xcalloc(c.tls, 1, libc.Tsize_t(n))
	if p == 0 {
		panic("sqlite: out of memory")
	}
	return p
}

func (c *Conn) free(p uintptr) {
	if p != 0 {
		libc.Xfree(c.tls, p)
	}
}

var errNUL = errors.New("the text contains a NUL byte")

// cstring copies s to the C heap. The caller frees it.
func (c *Conn) cstring(s string) (uintptr, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return 0, errNUL
	}
	p := c.alloc(len(s) + 1)
	copy(view(p, len(s)), s)
	return p, nil
}
