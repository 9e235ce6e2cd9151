package sqlite

import (
	"math"
	"math/bits"
	"reflect"
	"strconv"

	lib "modernc.org/sqlite/lib"
)

// What bindOne returns beside SQLite's result codes.
const (
	noRoom      int32 = -1 - iota // the arena is too small
	unsupported                   // a Go type that has no counterpart
	tooLarge                      // an unsigned number above the largest int64
)

// mostText is the longest text or blob that SQLite takes, in bytes.
const mostText = 1_000_000_000

// bind sets all parameters. Texts and blobs are copied into the statement's arena, where SQLite reads them in place:
// it never gets a pointer into Go memory. No argument escapes, so a caller's variadic slice stays on its stack.
func (s *stmt) bind(args []any) error {
	s.used = 0
	for i, arg := range args {
		switch rc := s.bindOne(int32(i+1), arg); rc {
		case lib.SQLITE_OK:
		case noRoom:
			s.grow(args)
			return s.bind(args)
		case unsupported:
			return s.c.misused(s.sql, "argument "+strconv.Itoa(i+1)+" has the type "+reflect.TypeOf(arg).String()+
				", which cannot be stored")
		case tooLarge:
			return s.c.misused(s.sql, "argument "+strconv.Itoa(i+1)+" is larger than the largest int64")
		default:
			return s.c.failed(s.sql, rc)
		}
	}
	return nil
}

func (s *stmt) bindOne(n int32, arg any) int32 {
	switch v := arg.(type) {
	case nil:
		return lib.Xsqlite3_bind_null(s.c.tls, s.p, n)
	case int64:
		return lib.Xsqlite3_bind_int64(s.c.tls, s.p, n, v)
	case string:
		return s.bindText(n, v)
	case int:
		return lib.Xsqlite3_bind_int64(s.c.tls, s.p, n, int64(v))
	case []byte:
		return s.bindBlob(n, v)
	case bool:
		return s.bindBool(n, v)
	case uint64:
		return s.bindUint(n, v)
	case float64:
		return lib.Xsqlite3_bind_double(s.c.tls, s.p, n, v)
	}
	return s.bindKind(n, reflect.ValueOf(arg))
}

// bindKind binds the rarer types and the named ones.
func (s *stmt) bindKind(n int32, v reflect.Value) int32 {
	switch k := v.Kind(); {
	case v.CanInt():
		return lib.Xsqlite3_bind_int64(s.c.tls, s.p, n, v.Int())
	case v.CanUint():
		return s.bindUint(n, v.Uint())
	case k == reflect.String:
		return s.bindText(n, v.String())
	case k == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return s.bindBlob(n, v.Bytes())
	case k == reflect.Bool:
		return s.bindBool(n, v.Bool())
	case v.CanFloat():
		return lib.Xsqlite3_bind_double(s.c.tls, s.p, n, v.Float())
	}
	return unsupported
}

func (s *stmt) bindBool(n int32, v bool) int32 {
	if v {
		return lib.Xsqlite3_bind_int64(s.c.tls, s.p, n, 1)
	}
	return lib.Xsqlite3_bind_int64(s.c.tls, s.p, n, 0)
}

func (s *stmt) bindUint(n int32, v uint64) int32 {
	if v > math.MaxInt64 {
		return tooLarge
	}
	return lib.Xsqlite3_bind_int64(s.c.tls, s.p, n, int64(v))
}

func (s *stmt) bindText(n int32, v string) int32 {
	if len(v) > mostText {
		return lib.SQLITE_TOOBIG
	}
	// Equality is too little room: the address of an empty text must lie in the arena, since 0 means NULL.
	if s.used+len(v) >= s.room {
		return noRoom
	}
	at := s.arena + uintptr(s.used)
	copy(view(at, len(v)), v)
	s.used += len(v)
	return lib.Xsqlite3_bind_text(s.c.tls, s.p, n, at, int32(len(v)), 0)
}

func (s *stmt) bindBlob(n int32, v []byte) int32 {
	if v == nil {
		return lib.Xsqlite3_bind_null(s.c.tls, s.p, n)
	}
	if len(v) > mostText {
		return lib.SQLITE_TOOBIG
	}
	if s.used+len(v) >= s.room {
		return noRoom
	}
	at := s.arena + uintptr(s.used)
	copy(view(at, len(v)), v)
	s.used += len(v)
	return lib.Xsqlite3_bind_blob(s.c.tls, s.p, n, at, int32(len(v)), 0)
}

// grow replaces the arena by one that has room for the arguments. What was bound in the old one is bound anew.
func (s *stmt) grow(args []any) {
	need := 1
	for _, arg := range args {
		switch v := arg.(type) {
		case string:
			need += len(v)
		case []byte:
			need += len(v)
		case nil:
		default:
			if v := reflect.ValueOf(arg); v.Kind() == reflect.String || v.Kind() == reflect.Slice {
				need += v.Len()
			}
		}
	}
	s.c.free(s.arena)
	s.room = max(256, 1<<bits.Len(uint(need)))
	s.arena = s.c.alloc(s.room)
}
