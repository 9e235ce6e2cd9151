package commerce

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// The fields of commands and answers are a wire format: logs hold them for
// years. This golden file makes each change of it visible in review.
func TestGoldenCommands(t *testing.T) {
	set, err := newCommandSet()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range set.Modules() {
		for _, d := range m.Commands {
			kept := ""
			if !d.Recorded {
				kept = " (repeatable)"
			}
			fmt.Fprintf(&b, "%s%s\n", d.Kind, kept)
			writeFields(&b, d.Body, "\t")
			fmt.Fprintf(&b, "\t-> %v\n", d.Answer)
			writeFields(&b, d.Answer, "\t\t")
		}
	}
	for _, name := range set.Errors().Names() {
		fmt.Fprintf(&b, "error %s\n", name)
	}
	const path = "testdata/commands.golden"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("the wire format of commands has changed; if it may, run make golden and review the difference.\ngot:\n%s", got)
	}
}

func writeFields(b *strings.Builder, t reflect.Type, indent string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("cbor")
		if tag == "-" || !f.IsExported() {
			continue
		}
		stamped := ""
		if f.Tag.Get("command") == "stamped" {
			stamped = " stamped"
		}
		fmt.Fprintf(b, "%s%s %s %v%s\n", indent, strings.Replace(tag, ",keyasint", "", 1), f.Name, f.Type, stamped)
		if _, opaque := f.Type.MethodByName("MarshalBinary"); opaque {
			continue
		}
		if k := f.Type.Kind(); k == reflect.Slice || k == reflect.Pointer || k == reflect.Struct {
			writeFields(b, f.Type, indent+"\t")
		}
	}
}

// Every field of a command has a number, and no number is used twice.
func TestCommandFieldsAreNumbered(t *testing.T) {
	set, err := newCommandSet()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range set.Modules() {
		for _, d := range m.Commands {
			checkNumbers(t, string(d.Kind), d.Body)
			checkNumbers(t, string(d.Kind)+" answer", d.Answer)
		}
	}
}

func checkNumbers(t *testing.T, what string, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	if _, own := typ.MethodByName("MarshalBinary"); own {
		return
	}
	seen := map[string]string{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		tag := f.Tag.Get("cbor")
		if tag == "-" || !f.IsExported() {
			continue
		}
		number, _, keyed := strings.Cut(tag, ",keyasint")
		if !keyed || number == "" {
			t.Errorf("%s: field %s of %v has no number", what, f.Name, typ)
		}
		if other := seen[number]; other != "" {
			t.Errorf("%s: fields %s and %s of %v share the number %s", what, other, f.Name, typ, number)
		}
		seen[number] = f.Name
		checkNumbers(t, what, f.Type)
	}
}
