package fault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
)

type outOfStock struct {
	SKU        string
	Want, Have int64
}

func (e *outOfStock) Error() string {
	return fmt.Sprintf("only %d of %s are left, %d were asked for", e.Have, e.SKU, e.Want)
}
func (e *outOfStock) Unwrap() error { return fault.Refused }

// lineError has a cause that does not travel inside it.
type lineError struct {
	Line int   `json:"line"`
	Err  error `json:"-"`
}

func (e lineError) Error() string   { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e lineError) Unwrap() []error { return []error{fault.Refused, e.Err} }

// nestedError has a cause that travels inside it.
type nestedError struct{ Cause *outOfStock }

func (e *nestedError) Error() string { return "nested" }
func (e *nestedError) Unwrap() error {
	if e.Cause == nil {
		return fault.Refused
	}
	return e.Cause
}

type ratioError struct{ Ratio float64 }

func (e *ratioError) Error() string { return fmt.Sprint("ratio ", e.Ratio) }
func (e *ratioError) Unwrap() error { return fault.Invalid }

func types() *fault.Types {
	return fault.NewTypes(
		fault.Typed[*outOfStock]("test.out_of_stock"),
		fault.Typed[lineError]("test.line"),
		fault.Typed[*nestedError]("test.nested"),
		fault.Typed[*ratioError]("test.ratio"),
	)
}

func TestWireFormat(t *testing.T) {
	stock := &outOfStock{SKU: "<mug>", Want: 3, Have: 1}
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, `null`},
		{fault.NotFound, `{"code":"not_found","message":"not found"}`},
		{fault.New(fault.Conflict, "moved on"), `{"code":"conflict","message":"moved on"}`},
		{io.EOF, `{"code":"broken","message":"EOF"}`},
		{stock, `{"code":"refused","message":"only 1 of <mug> are left, 3 were asked for",` +
			`"types":[{"name":"test.out_of_stock","fields":{"SKU":"<mug>","Want":3,"Have":1}}]}`},
		{fault.Wrap(fault.Uncertain, lineError{Line: 2, Err: stock}, "place"),
			`{"code":"uncertain","message":"place: line 2: only 1 of <mug> are left, 3 were asked for",` +
				`"types":[{"name":"test.line","fields":{"line":2}},` +
				`{"name":"test.out_of_stock","fields":{"SKU":"<mug>","Want":3,"Have":1}}]}`},
		{&ratioError{math.NaN()}, `{"code":"invalid","message":"ratio NaN"}`},
	} {
		if got := string(types().Encode(test.err)); got != test.want {
			t.Errorf("%v:\n got %s\nwant %s", test.err, got, test.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	stock := &outOfStock{SKU: "mug", Want: 3, Have: 1}
	errs := []error{
		nil, io.EOF, stock, &ratioError{0.5}, errors.New(""),
		fmt.Errorf("place order: %w", stock),
		fault.Wrap(fault.Conflict, stock, "place order"),
		lineError{Line: 2, Err: stock},
		lineError{Line: 3, Err: io.EOF},
		errors.Join(stock, fault.Denied, lineError{Line: 1}),
		&nestedError{stock},
		fault.Wrap(fault.Conflict, stock, ""),
	}
	for _, code := range allCodes {
		errs = append(errs, code, fault.New(code, "text \"quoted\" <&> é"), fault.Wrap(code, stock, "wrapped"))
	}
	for _, err := range errs {
		data := types().Encode(err)
		back := types().Decode(data)
		for range 3 { // further hops change nothing
			checkSame(t, err, back)
			if again := types().Encode(back); !bytes.Equal(again, data) {
				t.Errorf("%v: encoded again:\n%s\nfirst\n%s", err, again, data)
			}
			back = types().Decode(types().Encode(back))
		}
	}
}

func checkSame(t *testing.T, err, back error) {
	t.Helper()
	if err == nil || back == nil {
		if err != back {
			t.Errorf("%v came back as %v", err, back)
		}
		return
	}
	if back.Error() != err.Error() {
		t.Errorf("text %q came back as %q", err, back)
	}
	code := fault.CodeOf(err)
	if fault.CodeOf(back) != code || !errors.Is(back, code) {
		t.Errorf("%v: code %v came back as %v", err, code, fault.CodeOf(back))
	}
	want, ok := errors.AsType[*outOfStock](err)
	got, found := errors.AsType[*outOfStock](back)
	if ok != found || ok && *got != *want {
		t.Errorf("%v: typed error %+v came back as %+v", err, want, got)
	}
	line, ok := errors.AsType[lineError](err)
	gotLine, found := errors.AsType[lineError](back)
	if ok != found || gotLine.Line != line.Line {
		t.Errorf("%v: typed error %+v came back as %+v", err, line, gotLine)
	}
}

func TestABareTypedErrorComesBackBare(t *testing.T) {
	err := &outOfStock{SKU: "mug"}
	if back, ok := types().Decode(types().Encode(err)).(*outOfStock); !ok || *back != *err {
		t.Errorf("came back as %#v", back)
	}
}

func TestUnknownTypeKeepsCodeAndText(t *testing.T) {
	err := fmt.Errorf("place: %w", &outOfStock{SKU: "mug"})
	var older fault.Types
	back := older.Decode(types().Encode(err))
	if _, ok := back.(*fault.Error); !ok || back.Error() != err.Error() || !errors.Is(back, fault.Refused) {
		t.Errorf("came back as %#v", back)
	}
}

func TestUnknownCodeIsBroken(t *testing.T) {
	back := types().Decode([]byte(`{"code":"from_the_future","message":"m"}`))
	if back.Error() != "m" || fault.CodeOf(back) != fault.Broken {
		t.Errorf("came back as %#v", back)
	}
}

func TestDamageIsNotSuccess(t *testing.T) {
	for _, data := range []string{
		"", " ", "{}", "[]", "nul", `""`, `{"code":""}`, `{"message":"m"}`, "null null",
		`{"code":"refused","types":[{"name":"test.out_of_stock"}]}`,
		`{"code":"refused","types":[{"name":"test.out_of_stock","fields":[]}]}`,
	} {
		err := types().Decode([]byte(data))
		if !errors.Is(err, fault.Broken) {
			t.Errorf("%q decodes into %v", data, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "read an encoded error") {
			t.Errorf("%q: the text does not say what happened: %v", data, err)
		}
	}
}

func TestWith(t *testing.T) {
	base := fault.NewTypes(fault.Typed[*outOfStock]("test.out_of_stock"))
	more := base.With(fault.Typed[lineError]("test.line"))
	if got := fmt.Sprint(base.Names(), more.Names()); got != "[test.out_of_stock] [test.line test.out_of_stock]" {
		t.Error(got)
	}
}

func TestMistakesInTheTablePanic(t *testing.T) {
	for name, entry := range map[string]fault.Type{
		"same name": fault.Typed[lineError]("test.out_of_stock"),
		"same type": fault.Typed[*outOfStock]("test.other"),
		"no name":   fault.Typed[lineError](""),
		"interface": fault.Typed[error]("test.any"),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			fault.NewTypes(fault.Typed[*outOfStock]("test.out_of_stock"), entry)
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`null`))
	f.Add([]byte(`{"code":"refused","message":"m","types":[{"name":"test.out_of_stock","fields":null}]}`))
	f.Add([]byte(`{"code":"not_found","message":"m","field":"email"}`))
	f.Add([]byte(`{"code":"uncertain","types":[{"name":"test.nested","fields":{"Cause":{"SKU":"a"}}}]}`))
	f.Add(types().Encode(fault.Wrap(fault.Uncertain, lineError{Line: 2, Err: &outOfStock{SKU: "mug"}}, "place")))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := types().Decode(data)
		checkSame(t, err, types().Decode(types().Encode(err)))
	})
}
