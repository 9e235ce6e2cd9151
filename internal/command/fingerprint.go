package command

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/oklog/ulid/v2"
)

// fingerprint identifies what was asked for and by whom: a keyed hash over the
// principal and the fields of c that the caller fills in, whatever a proposer
// stamps later.
// Fields with the tag `command:"stamped"` and fields named Key are left out,
// and those with the tag `command:"secret"`, such as passwords: with the store's
// keys, the fingerprint of one would be a fast way to guess it.
// It returns fault.Invalid if a text is not UTF-8, and a *pan.Error if one looks
// like it holds a card number.
//
// Texts of named types, such as SKUs, have rules of their own and may be any
// digits; so may fields with the tag `command:"numbers"`, which staff and other
// systems fill in with barcodes, tracking numbers and names of their own. In a
// command whose type is not exported, which the store makes itself of what was
// checked before, only fields with the tag `command:"asked"` are looked at. One
// with the tag `command:"phone"` may be any number that is short enough.
func fingerprint(e Engine, principal string, c Command) ([]byte, error) {
	w := request{buf: make([]byte, 0, 256), free: true}
	w.add(reflect.ValueOf(principal))
	w.free = !exported(reflect.TypeOf(c))
	w.buf = append(w.buf, c.Kind()...)
	w.add(reflect.ValueOf(c))
	if w.bad != "" {
		return nil, fault.New(fault.Invalid, "the text %q in %s is not UTF-8", w.bad, c.Kind())
	}
	if w.card {
		return nil, &pan.Error{Field: w.field}
	}
	h := e.Hash("fingerprint", string(w.buf))
	return h[:16], nil
}

// RefuseCardNumbers returns a *pan.Error if a text of v looks like it holds a
// card number, by the rules of a command's fields. It is for requests that are
// no commands themselves, and of which the store makes some.
func RefuseCardNumbers(v any) error {
	var w request
	w.add(reflect.ValueOf(v))
	if w.card {
		return &pan.Error{Field: w.field}
	}
	return nil
}

// personal is a text, too: it is logged sealed, and a card number stays one.
var personal = reflect.TypeFor[seal.Personal]()

// request is the unambiguous encoding of a caller's fields.
type request struct {
	buf []byte
	bad string // a text that is not UTF-8

	free  bool   // what is added now may look like a card number
	phone bool   // a telephone number is being added
	card  bool   // something does that must not
	field string // where
}

// exported reports whether callers of the module can fill in values of type t.
func exported(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return token.IsExported(t.Name())
}

func (w *request) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			w.buf = append(w.buf, '-')
			return
		}
		w.buf = append(w.buf, '*')
		w.add(v.Elem())
	case reflect.Struct:
		w.addFields(v)
	case reflect.Slice, reflect.Array:
		if !w.free && v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 && pan.Within(string(v.Bytes())) {
			w.card = true
		}
		w.buf = strconv.AppendInt(append(w.buf, '['), int64(v.Len()), 10)
		for i := range v.Len() {
			w.buf = append(w.buf, ',')
			w.add(v.Index(i))
		}
		w.buf = append(w.buf, ']')
	case reflect.Map:
		w.addMap(v)
	case reflect.String:
		s := v.String()
		if !utf8.ValidString(s) {
			w.bad = s
		}
		w.buf = strconv.AppendInt(append(w.buf, '"'), int64(len(s)), 10)
		w.buf = append(append(w.buf, ':'), s...)
		if w.phone {
			s = "+" + strings.TrimLeft(s, "+") // may be as many digits as a telephone number has
		}
		if !w.free && pan.Within(s) {
			w.card = w.card || v.Type().PkgPath() == "" || v.Type() == personal
		}
	case reflect.Bool:
		w.buf = strconv.AppendBool(w.buf, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.buf = strconv.AppendInt(w.buf, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.buf = strconv.AppendUint(w.buf, v.Uint(), 10)
	default:
		panic(fmt.Sprintf("command: a %s cannot be part of a command", v.Type()))
	}
}

func (w *request) addFields(v reflect.Value) {
	t := v.Type()
	w.buf = append(w.buf, '{')
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("command")
		if tag == "stamped" || tag == "secret" || f.Name == "Key" && f.Type.Kind() == reflect.String {
			continue
		}
		free, card := w.free, w.card
		w.free = tag == "numbers" || free && tag != "asked"
		w.phone = tag == "phone"
		w.add(v.Field(i))
		w.phone = false
		if w.free = free; w.card && !card {
			w.field = strings.TrimSuffix(f.Name+"."+w.field, ".")
		}
		w.buf = append(w.buf, ';')
	}
	w.buf = append(w.buf, '}')
}

// addMap adds the sum of the entries' hashes, which no order changes.
func (w *request) addMap(v reflect.Value) {
	var sum [4]uint64
	for it := v.MapRange(); it.Next(); {
		e := request{bad: w.bad, free: w.free, card: w.card}
		e.add(it.Key())
		e.buf = append(e.buf, '=')
		e.add(it.Value())
		w.bad, w.card = e.bad, e.card
		h := sha256.Sum256(e.buf)
		for i := range sum {
			sum[i] += binary.BigEndian.Uint64(h[8*i:])
		}
	}
	w.buf = fmt.Appendf(w.buf, "m%d:%x", v.Len(), sum)
}

// Scope returns the 16 bytes under which the answer of a recorded command is
// kept: its principal, kind and key. A generated key is its own scope, which
// sorts by time and so keeps new records on few pages.
func (e Envelope) Scope() [16]byte {
	if u, ok := e.generated(); ok {
		return u
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

// Named reports whether the caller chose the key.
func (e Envelope) Named() bool {
	_, generated := e.generated()
	return !generated && e.Key != ""
}

// generated returns what is random in a key that NewKey has made.
func (e Envelope) generated() (ulid.ULID, bool) {
	rest, ok := strings.CutPrefix(e.Key, keyPrefix)
	if !ok {
		return ulid.ULID{}, false
	}
	u, err := ulid.ParseStrict(rest)
	return u, err == nil
}

// Owner stands for the principal where answers are counted: 0 is the program
// itself, anybody else a hash.
func (e Envelope) Owner() int64 {
	if e.Principal == "" {
		return 0
	}
	h := sha256.Sum256([]byte(e.Principal))
	return int64(binary.BigEndian.Uint64(h[:8]))
}
