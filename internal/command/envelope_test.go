package command_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"pgregory.net/rapid"
)

// golden are envelopes and batches whose bytes are kept in testdata: stores
// that were written years ago must be read.
func golden() (envelopes []command.Envelope, batches []command.Batch) {
	envelopes = []command.Envelope{
		{Kind: "shard.tick", At: 1},
		{
			Kind: "cart.add_lines", Version: 2, Level: 3, Slot: 4095, At: 1_772_355_600_000, Principal: "staff:ada", Key: "k-1",
			Fingerprint: []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, Cut: 77, Skippable: true, Body: []byte{0xa1, 0x01, 0x02},
		},
		{Kind: "x", Slot: 300, At: -1, Body: []byte{}},
		{Kind: "catalog.put_product", At: 1_772_355_600_000, Principal: "staff ada", Body: []byte{0xa0}, Staff: true},
	}
	var raw [][]byte
	for _, e := range envelopes {
		b, err := e.Encode()
		if err != nil {
			panic(err)
		}
		raw = append(raw, b)
	}
	batches = []command.Batch{
		{Commands: [][]byte{}},
		{Clock: 1_772_355_600_000, Cut: 3, Commands: raw},
		{Clock: 1 << 62, Cut: 1<<64 - 1, Commands: [][]byte{{}}},
	}
	return envelopes, batches
}

func TestGoldenBytes(t *testing.T) {
	envelopes, batches := golden()
	var lines []string
	for _, e := range envelopes {
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, "envelope "+hex.EncodeToString(b))
	}
	for _, b := range batches {
		lines = append(lines, "batch "+hex.EncodeToString(command.AppendBatch(nil, b)))
	}
	const path = "testdata/wire.golden"
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines, "\n") + "\n"; got != string(want) {
		t.Errorf("the bytes on disk have changed, and old logs cannot be read.\ngot\n%swant\n%s", got, want)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(want)), "\n") {
		what, digits, _ := strings.Cut(line, " ")
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		switch what {
		case "envelope":
			if e, err := command.DecodeEnvelope(b); err != nil || !reflect.DeepEqual(e, envelopes[i]) {
				t.Errorf("line %d is read as %+v, %v", i+1, e, err)
			}
		case "batch":
			if got, err := command.DecodeBatch(b); err != nil || !reflect.DeepEqual(got, batches[i-len(envelopes)]) {
				t.Errorf("line %d is read as %+v, %v", i+1, got, err)
			}
		}
	}
}

func drawEnvelope(t *rapid.T) command.Envelope {
	bytes := func(name string) []byte {
		b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, name)
		if len(b) == 0 {
			return nil
		}
		return b
	}
	e := command.Envelope{
		Kind:    command.Kind(rapid.StringN(0, 20, -1).Draw(t, "kind")),
		Version: rapid.Uint16().Draw(t, "version"), Level: rapid.Uint32().Draw(t, "level"),
		Slot: id.Slot(rapid.Uint16().Draw(t, "slot")), At: rapid.Int64().Draw(t, "at"),
		Principal: rapid.StringN(0, 20, -1).Draw(t, "principal"), Staff: rapid.Bool().Draw(t, "staff"), Key: rapid.StringN(0, 20, -1).Draw(t, "key"),
		Fingerprint: bytes("fingerprint"), Cut: rapid.Uint64().Draw(t, "cut"), Skippable: rapid.Bool().Draw(t, "skippable"), Body: bytes("body"),
	}
	return e
}

func TestEnvelopeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEnvelope(t)
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := command.DecodeEnvelope(b)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%+v comes back as %+v, %v", e, got, err)
		}
		if again, err := got.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("equal envelopes have other bytes: %x and %x, %v", b, again, err)
		}
	})
}

func TestBatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := command.Batch{
			Clock: rapid.Int64Range(0, 1<<62).Draw(t, "clock"), Cut: rapid.Uint64().Draw(t, "cut"),
			Commands: rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 20).Draw(t, "commands"),
		}
		if b.Commands == nil {
			b.Commands = [][]byte{}
		}
		before := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "before")
		p := command.AppendBatch(bytes.Clone(before), b)
		if !bytes.HasPrefix(p, before) {
			t.Fatal("what was there is gone")
		}
		p = p[len(before):]
		got, err := command.DecodeBatch(p)
		if err != nil || !same(got, b) {
			t.Fatalf("%+v comes back as %+v, %v", b, got, err)
		}
		// Any part of it is not a batch, and neither is more of it.
		cut := rapid.IntRange(0, len(p)-1).Draw(t, "cut")
		if got, err := command.DecodeBatch(p[:cut]); err == nil {
			t.Fatalf("the first %d of %d bytes are read as %+v", cut, len(p), got)
		}
		if got, err := command.DecodeBatch(append(bytes.Clone(p), 0)); err == nil {
			t.Fatalf("with a byte behind it, it is read as %+v", got)
		}
	})
}

func same(a, b command.Batch) bool {
	if a.Clock != b.Clock || a.Cut != b.Cut || len(a.Commands) != len(b.Commands) {
		return false
	}
	for i := range a.Commands {
		if !bytes.Equal(a.Commands[i], b.Commands[i]) {
			return false
		}
	}
	return true
}

// TestCommandsOfABatchDoNotShareMemory: to append to one does not write into
// the next.
func TestCommandsOfABatchDoNotShareMemory(t *testing.T) {
	p := command.AppendBatch(nil, command.Batch{Commands: [][]byte{[]byte("one"), []byte("two")}})
	b, err := command.DecodeBatch(p)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(b.Commands[0], "!!!!!"...)
	if string(b.Commands[1]) != "two" {
		t.Errorf("the second command is %q", b.Commands[1])
	}
}

func TestBatchesThatAreNone(t *testing.T) {
	for name, digits := range map[string]string{
		"nothing":                         "",
		"format 0":                        "00000000",
		"a newer format":                  "02000000",
		"no clock":                        "01",
		"no cut":                          "0100",
		"no count":                        "010000",
		"a clock in two spellings":        "01800000" + "00",
		"a clock beyond numbers":          "01ffffffffffffffffff7f0000",
		"more commands than bytes":        "010000ffffffffffffffffff01",
		"a command longer than the rest":  "01000001057878",
		"a command of the longest length": "01000001ffffffffffffffffff0178",
		"bytes behind the last command":   "0100000101780000",
	} {
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		got, err := command.DecodeBatch(b)
		if _, ok := errors.AsType[*command.UndecodableError](err); !ok || fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestEnvelopesThatAreNone(t *testing.T) {
	good, err := command.Envelope{Kind: "x", Body: []byte{1}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	type newer struct {
		Kind string `cbor:"1,keyasint"`
		New  int    `cbor:"99,keyasint"`
	}
	unknown, err := command.Marshal(newer{"x", 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing":                      {},
		"a text":                       []byte("cart.add_lines"),
		"half":                         good[:len(good)/2],
		"more than one":                append(bytes.Clone(good), good...),
		"an unknown field":             unknown,
		"a field twice":                {0xa2, 0x01, 0x61, 'x', 0x01, 0x61, 'y'},
		"a field of indefinite length": {0xa1, 0x01, 0x7f, 0x61, 'x', 0xff},
		"a slot beyond numbers":        {0xa1, 0x04, 0x1a, 0, 1, 0, 0},
		"deep nesting":                 bytes.Repeat([]byte{0x81}, 1000),
		"a huge array":                 {0x9b, 0, 0, 0, 1, 0, 0, 0, 0},
	} {
		got, err := command.DecodeEnvelope(b)
		if _, ok := errors.AsType[*command.UndecodableError](err); !ok || fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestEnvelopeHasALimit(t *testing.T) {
	_, err := command.Envelope{Kind: "cart.add_lines", Body: make([]byte, command.MaxBytes)}.Encode()
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "cart.add_lines") {
		t.Errorf("got %v", err)
	}
	if _, err := (command.Envelope{Kind: "x", Body: make([]byte, command.MaxBytes-64)}).Encode(); err != nil {
		t.Errorf("just below the limit: %v", err)
	}
}

// FuzzDecodeBatch: bytes are refused, or they are the one encoding of what they
// are read as.
func FuzzDecodeBatch(f *testing.F) {
	_, batches := golden()
	for _, b := range batches {
		f.Add(command.AppendBatch(nil, b))
	}
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, p []byte) {
		b, err := command.DecodeBatch(p)
		if err != nil {
			if fault.CodeOf(err) != fault.Broken {
				t.Errorf("%x: %v", p, err)
			}
			return
		}
		if again := command.AppendBatch(nil, b); !bytes.Equal(again, p) {
			t.Errorf("%x is written again as %x", p, again)
		}
	})
}

// FuzzDecodeEnvelope: bytes are refused, or they come back as an envelope that
// reads the same when it is written again.
func FuzzDecodeEnvelope(f *testing.F) {
	envelopes, _ := golden()
	for _, e := range envelopes {
		b, err := e.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		e, err := command.DecodeEnvelope(p)
		if err != nil {
			if fault.CodeOf(err) != fault.Broken {
				t.Errorf("%x: %v", p, err)
			}
			return
		}
		b, err := e.Encode()
		if err != nil {
			t.Skip("an envelope that is too large")
		}
		again, err := command.DecodeEnvelope(b)
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%+v is read again as %+v, %v", e, again, err)
		}
		if e.Scope() != again.Scope() {
			t.Errorf("the scope of %+v changes", e)
		}
	})
}

// TestScope: an answer is found under who asked, for what, and with which key;
// no two of them run into each other.
func TestScope(t *testing.T) {
	seen := map[[16]byte]command.Envelope{}
	for _, e := range []command.Envelope{
		{Principal: "a", Kind: "b", Key: "c"}, {Principal: "ab", Kind: "", Key: "c"}, {Principal: "", Kind: "ab", Key: "c"},
		{Principal: "a", Kind: "bc", Key: ""}, {Principal: "a", Kind: "", Key: "bc"}, {Principal: "a", Kind: "b", Key: "d"},
		{Key: "key_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"}, {Key: "key_01KAJ3W7Q8Z5D4F6G7H8J9K0M2"}, {Key: "key_"}, {Key: "key_short"},
	} {
		if other, taken := seen[e.Scope()]; taken {
			t.Errorf("%+v and %+v share a scope", e, other)
		}
		seen[e.Scope()] = e
		e.Slot, e.At, e.Body, e.Fingerprint = 9, 9, []byte{9}, []byte{9}
		if _, same := seen[e.Scope()]; !same {
			t.Errorf("the scope of %+v depends on more than who, what and key", e)
		}
	}
}
