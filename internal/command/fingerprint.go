package command

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"

	"github.com/oklog/ulid/v2"
)

// fingerprint identifies what the caller asked for: a keyed hash over the
// fields of c that the caller fills in, whatever a proposer stamps later.
// Fields with the tag `command:"stamped"` and fields named Key are left out.
func fingerprint(e Engine, c Command) []byte {
	var b strings.Builder
	b.WriteString(string(c.Kind()))
	writeValue(&b, reflect.ValueOf(c))
	h := e.Hash("fingerprint", b.String())
	return h[:16]
}

func writeValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteByte('-')
			return
		}
		b.WriteByte('*')
		writeValue(b, v.Elem())
	case reflect.Struct:
		t := v.Type()
		b.WriteByte('{')
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("command") == "stamped" || f.Name == "Key" && f.Type.Kind() == reflect.String {
				continue
			}
			writeValue(b, v.Field(i))
			b.WriteByte(';')
		}
		b.WriteByte('}')
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(b, "[%d:", v.Len())
		for i := range v.Len() {
			writeValue(b, v.Index(i))
			b.WriteByte(',')
		}
	case reflect.Map:
		writeMap(b, v)
	case reflect.String:
		fmt.Fprintf(b, "%d:%s", v.Len(), v.String())
	case reflect.Bool:
		fmt.Fprintf(b, "%t", v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		fmt.Fprintf(b, "%d", v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		fmt.Fprintf(b, "%d", v.Uint())
	default:
		panic(fmt.Sprintf("command: a %s cannot be part of a command", v.Type()))
	}
}

// writeMap writes the sum of its entries' hashes, which no order changes.
func writeMap(b *strings.Builder, v reflect.Value) {
	var sum [4]uint64
	for it := v.MapRange(); it.Next(); {
		var eb strings.Builder
		writeValue(&eb, it.Key())
		eb.WriteByte('=')
		writeValue(&eb, it.Value())
		h := sha256.Sum256([]byte(eb.String()))
		for i := range sum {
			sum[i] += binary.BigEndian.Uint64(h[8*i:])
		}
	}
	fmt.Fprintf(b, "m%d:%x", v.Len(), sum)
}

// Scope returns the 16 bytes under which the answer of a recorded command is
// kept: its principal, kind and key. A generated key is its own scope, which
// sorts by time and so keeps new records on few pages.
func (e Envelope) Scope() [16]byte {
	if rest, ok := strings.CutPrefix(e.Key, keyPrefix); ok {
		if u, err := ulid.ParseStrict(rest); err == nil {
			return u
		}
	}
	h := sha256.New()
	var n [4]byte
	for _, s := range []string{e.Principal, string(e.Kind), e.Key} {
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return [16]byte(h.Sum(nil)[:16])
}

// ShortHash renders a keyed hash for use inside an ID-like text.
func ShortHash(h [32]byte) string { return base64.RawURLEncoding.EncodeToString(h[:16]) }
