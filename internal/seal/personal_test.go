package seal_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

const secret = "Ann Example"

type register struct {
	Email  seal.Personal
	Others []seal.Personal
	Named  map[string]seal.Personal
	Maybe  *seal.Personal
}

func newRegister() register {
	p := seal.Personal(secret)
	return register{p, []seal.Personal{p}, map[string]seal.Personal{"a": p}, &p}
}

func TestPersonalNeverPrints(t *testing.T) {
	p, c := seal.Personal(secret), newRegister()
	printed := map[string]string{
		"String": p.String(),
		"concat": fmt.Sprint("hello " + p),
		"extra":  fmt.Sprintf("%d", []any{1, p}...),
		"width":  fmt.Sprintf("%-30.4s|%08v|% x", p, p, p),
		"error":  fmt.Errorf("register: %w", fault.Wrap(fault.Invalid, fault.New(fault.Invalid, "bad %s", p), "%v", c)).Error(),
		"joined": errors.Join(fmt.Errorf("%v", p), fmt.Errorf("%+v", c)).Error(),
		"panic":  panicText(c),
	}
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %t %c %U %b %o %e %g %z %-5v %+q %#q %#x") {
		printed[verb] = fmt.Sprintf(verb+verb+verb, p, &p, c)
	}
	for name, text := range printed {
		if shows(text) {
			t.Errorf("%s shows the value: %s", name, text)
		}
	}
	if !shows(fmt.Sprint(p.Reveal())) || !shows(fmt.Sprintf("%x", secret)) {
		t.Error("Reveal hides the value, or this test cannot find it")
	}
}

// shows looks for a word of the secret, in the clear, in hexadecimal or as numbers.
func shows(text string) bool {
	word := secret[:3]
	for _, form := range []string{word, fmt.Sprintf("%x", word), fmt.Sprintf("%X", word), fmt.Sprintf("% x", word),
		strings.Trim(fmt.Sprint([]byte(word)), "[]")} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func panicText(v any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(v)
}

func TestPersonalNeverLogs(t *testing.T) {
	p, c := seal.Personal(secret), newRegister()
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(h).With("who", p)
		log.Info(fmt.Sprint("hello ", p), "p", p, "pointer", &p, "command", c, slog.Any("list", []any{p}), slog.Group("g", "p", p))
	}
	if v := slog.AnyValue(p).Resolve(); v.Kind() != slog.KindString || v.String() != seal.Mask {
		t.Errorf("resolves to %#v", v.Any())
	}
	if shows(out.String()) || strings.Count(out.String(), seal.Mask) < 10 {
		t.Errorf("got %s", &out)
	}
}

func TestPersonalIsMaskedAsText(t *testing.T) {
	p, c := seal.Personal(secret), newRegister()
	var page bytes.Buffer
	tmpl := template.Must(template.New("").Parse(`<p title="{{.Email}}">{{.Email}}</p><script>let c = {{.}}</script>`))
	if err := tmpl.Execute(&page, c); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	type person struct {
		Text seal.Personal
		Attr seal.Personal `xml:",attr"`
	}
	asXML, err := xml.Marshal(person{p, p})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"html": page.String(), "json": string(asJSON), "xml": string(asXML)} {
		if shows(text) || !strings.Contains(text, seal.Mask) {
			t.Errorf("%s: %s", name, text)
		}
	}

	var in register
	if err := json.Unmarshal([]byte(`{"Email":"`+secret+`"}`), &in); err != nil || in.Email.Reveal() != secret {
		t.Errorf("JSON decodes to %q, %v", in.Email.Reveal(), err)
	}
}

func TestPersonalIsRefusedInCommandsAndTables(t *testing.T) {
	p, c := seal.Personal(secret), newRegister()
	canonical, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(name string, b []byte, err error) {
		t.Helper()
		if err == nil || len(b) > 0 || !strings.Contains(err.Error(), "unsealed") || shows(err.Error()) {
			t.Errorf("%s: encoded to %q, %v", name, b, err)
		}
		wantCode(t, err, fault.Broken)
	}
	for name, v := range map[string]any{
		"value": p, "pointer": &p, "struct": c, "slice": []seal.Personal{p}, "map": map[string]any{"a": p},
		"key":   map[seal.Personal]int{p: 1},
		"empty": struct{ P seal.Personal }{},
		"omitempty": struct {
			P seal.Personal `cbor:"1,keyasint,omitempty"`
		}{p},
		"array": struct {
			_ struct{} `cbor:",toarray"`
			P seal.Personal
		}{P: p},
	} {
		b, err := cbor.Marshal(v)
		refuse("cbor "+name, b, err)
		b, err = canonical.Marshal(v)
		refuse("canonical cbor "+name, b, err)
	}

	var stream bytes.Buffer
	err = gob.NewEncoder(&stream).Encode(struct{ P seal.Personal }{p})
	if err == nil || shows(stream.String()) {
		t.Errorf("gob: encoded to %q, %v", &stream, err)
	}
	_, err = p.Value()
	refuse("sql", nil, err)

	text, err := cbor.Marshal(map[string]string{"Email": secret})
	if err != nil {
		t.Fatal(err)
	}
	var out register
	wantCode(t, cbor.Unmarshal(text, &out), fault.Broken)
}

func TestSealedTravelsInCommands(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	key, _ := newKey(t, s, subject)
	type wire struct {
		Email seal.Sealed `cbor:"1,keyasint"`
	}
	in := wire{sealed(t, s, key, "email", secret)}
	b, err := cbor.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out wire
	if err := cbor.Unmarshal(b, &out); err != nil || !bytes.Equal(in.Email, out.Email) {
		t.Errorf("got %x, %v", out.Email, err)
	}
	// One byte string, with nothing around it: a map of one, key 1, and a string header of two bytes.
	if len(b) != 1+1+2+len(in.Email) || shows(string(b)) {
		t.Errorf("encoded to %x", b)
	}
}
