package cart_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

func TestAddLinesAddsUp(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "tea": 399})
	c := s.add(cart.AddLines{Lines: one("mug", 2), ExternalReference: "web-17"})
	if c.Status != cart.Active || c.Version != 1 || c.Customer != "" || c.Currency != "EUR" || c.ExternalReference != "web-17" {
		t.Errorf("new cart: %+v", c)
	}
	c = s.add(cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{
		{SKU: "tea", Quantity: 3}, {SKU: "mug", Quantity: 1},
		{SKU: "mug", Quantity: 1, AgreedPrice: agreed(1000), Reason: "scratched"},
	}})
	want := []struct {
		sku             catalog.SKU
		quantity, total int64
		reason          string
	}{{"mug", 3, 3750, ""}, {"tea", 3, 1197, ""}, {"mug", 1, 1000, "scratched"}}
	if len(c.Lines) != len(want) {
		t.Fatalf("got %d lines, want %d", len(c.Lines), len(want))
	}
	for i, w := range want {
		l := c.Lines[i]
		if l.SKU != w.sku || l.Quantity != w.quantity || l.Total != euro(w.total) || l.Reason != w.reason || l.Title != "The "+string(w.sku) {
			t.Errorf("line %d: got %+v, want %+v", i, l, w)
		}
	}
	if c.Total != euro(5947) || c.Version != 2 {
		t.Errorf("got total %v at version %d", c.Total, c.Version)
	}
}

func TestAddLinesKeepsWhatTheCatalogSaysNow(t *testing.T) {
	s := newShop(t, 1)
	s.put(catalog.PutProduct{Title: "Old", SKU: "mug", Price: euro(100)})
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.put(catalog.PutProduct{Handle: "mug", Title: "New", Variants: []catalog.PutVariant{
		{SKU: "mug", Prices: []money.Amount{euro(100)}, Untracked: true},
	}})
	c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 1)})
	if len(c.Lines) != 1 || c.Lines[0].Title != "New" || !c.Lines[0].Untracked || c.Lines[0].Quantity != 2 {
		t.Errorf("got %+v", c.Lines)
	}
}

func TestCartsLiveWithTheirCustomer(t *testing.T) {
	s := newShop(t, 4)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("a@example.com")
	c, err := s.carts.AddLine(t.Context(), cart.AddLine{Customer: who, Currency: "USD", SKU: "mug", Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	have, _ := id.SlotOf(string(c.ID))
	want, _ := who.Slot()
	if have != want || c.Currency != "USD" || c.Total != money.New(2500, "USD") {
		t.Errorf("slot %d, want %d; total %v", have, want, c.Total)
	}
	active, err := s.carts.ActiveOf(t.Context(), who)
	if err != nil || active.ID != c.ID || len(active.Lines) != 1 {
		t.Errorf("the active cart is %+v, %v", active, err)
	}
	other := s.customerOn(1)
	_, err = s.carts.ActiveOf(t.Context(), other)
	wantsError(t, err, &cart.NotFoundError{Customer: other})
}

func TestAddLinesRefusals(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "gold": cart.MaxTotal - 10_000})
	s.put(catalog.PutProduct{Title: "Draft", SKU: "draft", Price: euro(1), Status: catalog.Draft})
	s.put(catalog.PutProduct{Title: "Yen only", SKU: "yen", Price: money.New(5, "JPY")})
	s.put(catalog.PutProduct{Title: "No price", Variants: []catalog.PutVariant{{SKU: "free"}}})
	c := s.add(cart.AddLines{Lines: one("mug", 2)})
	gone := cart.ID(strings.Replace(string(c.ID), "cart_0", "cart_7", 1))

	for name, test := range map[string]struct {
		c    cart.AddLines
		want error
	}{
		"unknown SKU":         {cart.AddLines{Lines: one("cup", 1)}, &catalog.UnknownSKUError{SKU: "cup"}},
		"not for sale":        {cart.AddLines{Lines: one("draft", 1)}, &cart.NotForSaleError{SKU: "draft"}},
		"no price at all":     {cart.AddLines{Lines: one("free", 1)}, &cart.CurrencyError{SKU: "free"}},
		"no price in euros":   {cart.AddLines{Cart: c.ID, Lines: one("yen", 1)}, &cart.CurrencyError{SKU: "yen", Want: "EUR"}},
		"mixed new cart":      {cart.AddLines{Lines: append(one("mug", 1), one("yen", 1)...)}, &cart.CurrencyError{SKU: "yen", Want: "EUR"}},
		"another currency":    {cart.AddLines{Cart: c.ID, Currency: "USD", Lines: one("mug", 1)}, &cart.CurrencyError{SKU: "mug", Want: "EUR", Have: "USD"}},
		"agreed in dollars":   {cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: new(money.New(1, "USD")), Reason: "x"}}}, &cart.CurrencyError{SKU: "mug", Want: "EUR", Have: "USD"}},
		"no such cart":        {cart.AddLines{Cart: gone, Lines: one("mug", 1)}, &cart.NotFoundError{Cart: gone}},
		"another version":     {cart.AddLines{Cart: c.ID, Version: 7, Lines: one("mug", 1)}, &cart.VersionError{Cart: c.ID, Want: 7, Have: 1}},
		"too many of a line":  {cart.AddLines{Cart: c.ID, Lines: one("mug", cart.MaxQuantity-1)}, &cart.LimitError{Cart: c.ID, What: "units of one line", Max: cart.MaxQuantity}},
		"product overflows":   {cart.AddLines{Cart: c.ID, Lines: one("gold", 3)}, &cart.LimitError{Cart: c.ID, What: "minor units in total", Max: cart.MaxTotal}},
		"total overflows":     {cart.AddLines{Cart: c.ID, Lines: one("gold", 2)}, &cart.LimitError{Cart: c.ID, What: "minor units in total", Max: cart.MaxTotal}},
		"overflows over time": {cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{{SKU: "gold", Quantity: 1}, {SKU: "gold", Quantity: 1}}}, &cart.LimitError{Cart: c.ID, What: "minor units in total", Max: cart.MaxTotal}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.carts.AddLines(t.Context(), test.c)
			switch want := test.want.(type) {
			case *catalog.UnknownSKUError:
				wantsError(t, err, want)
			case *cart.NotForSaleError:
				wantsError(t, err, want)
			case *cart.CurrencyError:
				wantsError(t, err, want)
			case *cart.NotFoundError:
				wantsError(t, err, want)
			case *cart.VersionError:
				wantsError(t, err, want)
			case *cart.LimitError:
				wantsError(t, err, want)
			default:
				t.Fatalf("the table wants a %T", want)
			}
		})
	}
	if got := s.get(c.ID); got.Version != 1 || got.Total != euro(2500) || len(got.Lines) != 1 {
		t.Errorf("a refusal changed the cart: %+v", got)
	}
}

func TestAddLinesValidates(t *testing.T) {
	s := newShop(t, 1)
	for name, c := range map[string]cart.AddLines{
		"no lines":               {},
		"too many lines":         {Lines: make([]cart.AddedLine, cart.MaxLines+1)},
		"no SKU":                 {Lines: one("", 1)},
		"quantity 0":             {Lines: one("mug", 0)},
		"quantity below 0":       {Lines: one("mug", -1)},
		"quantity too large":     {Lines: one("mug", cart.MaxQuantity+1)},
		"price without reason":   {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: agreed(1)}}},
		"price with blanks":      {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: agreed(1), Reason: " "}}},
		"blanks without price":   {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, Reason: " "}}},
		"reason without price":   {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, Reason: "x"}}},
		"price below zero":       {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: agreed(-1), Reason: "x"}}},
		"price without currency": {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: new(money.Amount), Reason: "x"}}},
		"long reason":            {Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: agreed(1), Reason: strings.Repeat("x", 201)}}},
		"not a cart":             {Cart: "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Lines: one("mug", 1)},
		"not a customer":         {Customer: "cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Lines: one("mug", 1)},
		"not a currency":         {Currency: "euro", Lines: one("mug", 1)},
		"long reference":         {ExternalReference: strings.Repeat("x", 201), Lines: one("mug", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.carts.AddLines(t.Context(), c)
			wants(t, err, fault.Invalid)
		})
	}
	if n := s.engine.Submitted(); n > 1 {
		t.Errorf("%d commands were logged besides the level", n-1)
	}
}

func TestACartHoldsALimitedNumberOfLines(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	var lines []cart.AddedLine
	lines = append(lines, cart.AddedLine{SKU: "mug", Quantity: 1})
	for i := range int64(cart.MaxLines) - 1 {
		lines = append(lines, cart.AddedLine{SKU: "mug", Quantity: 1, AgreedPrice: agreed(i), Reason: "a test"})
	}
	c := s.add(cart.AddLines{Lines: lines})
	if len(c.Lines) != cart.MaxLines {
		t.Fatalf("got %d lines", len(c.Lines))
	}
	_, err := s.carts.AddLines(t.Context(), cart.AddLines{Cart: c.ID, Lines: one("mug", 1)})
	if err != nil {
		t.Errorf("adding to a line of a full cart: %v", err)
	}
	lines = []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: agreed(cart.MaxLines), Reason: "a test"}}
	_, err = s.carts.AddLines(t.Context(), cart.AddLines{Cart: c.ID, Lines: lines})
	wantsError(t, err, &cart.LimitError{Cart: c.ID, What: "lines", Max: cart.MaxLines})
}

func TestAskingAgainWithAKeyGivesTheFirstAnswer(t *testing.T) {
	s := newShop(t, 4)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "cup": 1})
	c := cart.AddLines{Lines: one("mug", 1), Key: "click"}
	first := s.add(c)
	again := s.add(c)
	if first.ID != again.ID || again.Version != 1 {
		t.Errorf("got cart %s at version %d, then %s at %d", first.ID, first.Version, again.ID, again.Version)
	}
	c.Lines[0].Quantity = 2
	_, err := s.carts.AddLines(t.Context(), c)
	wants(t, err, fault.Conflict)

	// A refusal is an answer, too, and keeps its type on the way through the record.
	bad := cart.AddLines{Cart: first.ID, Version: 9, Lines: one("mug", 1), Key: "bad"}
	for range 2 {
		_, err := s.carts.AddLines(t.Context(), bad)
		wantsError(t, err, &cart.VersionError{Cart: first.ID, Want: 9, Have: 1})
	}
}

func TestSetQuantityKeepsALinesPlace(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"a": 1, "b": 10, "c": 100})
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{{SKU: "a", Quantity: 1}, {SKU: "b", Quantity: 1}, {SKU: "c", Quantity: 1}}})
	set := func(sku catalog.SKU, quantity int64) {
		t.Helper()
		var err error
		if c, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: sku, Quantity: quantity, Version: c.Version}); err != nil {
			t.Fatal(err)
		}
	}
	set("a", 5)
	set("b", 0)
	c = s.add(cart.AddLines{Cart: c.ID, Lines: one("b", 2)})
	set("a", 4)
	var got strings.Builder
	for _, l := range c.Lines {
		got.WriteString(string(l.SKU) + strconv.FormatInt(l.Quantity, 10))
	}
	if got.String() != "a4c1b2" || c.Total != euro(124) || c.Version != 5 {
		t.Errorf("got %s for %v at version %d, want a4c1b2 for 1.24 EUR at version 5", got.String(), c.Total, c.Version)
	}
	for _, sku := range []catalog.SKU{"a", "b", "c"} {
		var err error
		if c, err = s.carts.RemoveLine(t.Context(), c.ID, sku); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.Lines) != 0 || c.Total != euro(0) || c.Status != cart.Active {
		t.Errorf("the emptied cart is %+v", c)
	}
}

func TestSetQuantityRefusals(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "gold": cart.MaxTotal - 10_000})
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{
		{SKU: "mug", Quantity: 1}, {SKU: "gold", Quantity: 1}, {SKU: "mug", Quantity: 1, AgreedPrice: agreed(1000), Reason: "x"},
	}})
	set := func(c cart.SetQuantity) error {
		_, err := s.carts.SetQuantity(t.Context(), c)
		return err
	}
	wantsError(t, set(cart.SetQuantity{Cart: c.ID, SKU: "mug", Quantity: 2}),
		&cart.AmbiguousLineError{Cart: c.ID, SKU: "mug", Prices: []money.Amount{euro(1000), euro(1250)}})
	wantsError(t, set(cart.SetQuantity{Cart: c.ID, SKU: "tea", Quantity: 2}), &cart.NotFoundError{Cart: c.ID, SKU: "tea"})
	wantsError(t, set(cart.SetQuantity{Cart: c.ID, SKU: "mug", UnitPrice: agreed(1)}), &cart.NotFoundError{Cart: c.ID, SKU: "mug"})
	wantsError(t, set(cart.SetQuantity{Cart: c.ID, SKU: "gold", Quantity: 2}),
		&cart.LimitError{Cart: c.ID, What: "minor units in total", Max: cart.MaxTotal})
	wantsError(t, set(cart.SetQuantity{Cart: c.ID, SKU: "gold", Version: 3}), &cart.VersionError{Cart: c.ID, Want: 3, Have: 1})
	wants(t, set(cart.SetQuantity{Cart: c.ID, SKU: "gold", Quantity: -1}), fault.Invalid)
	wants(t, set(cart.SetQuantity{Cart: c.ID, SKU: "gold", Quantity: cart.MaxQuantity + 1}), fault.Invalid)
	wants(t, set(cart.SetQuantity{Cart: c.ID, Quantity: 1}), fault.Invalid)
	wants(t, set(cart.SetQuantity{Cart: "cart_1", SKU: "gold"}), fault.Invalid)
	wants(t, set(cart.SetQuantity{Cart: c.ID, SKU: "gold", UnitPrice: new(money.Amount)}), fault.Invalid)

	if err := set(cart.SetQuantity{Cart: c.ID, SKU: "mug", Quantity: 3, UnitPrice: agreed(1000)}); err != nil {
		t.Error(err)
	}
	if got := s.get(c.ID); got.Lines[2].Quantity != 3 || got.Lines[0].Quantity != 1 {
		t.Errorf("got %+v", got.Lines)
	}
}

// TestTooMuchForOneCommand: nothing of it happens, and the error says how much
// is too much.
func TestTooMuchForOneCommand(t *testing.T) {
	s := newShop(t, 1)
	prices := map[catalog.SKU]int64{}
	var lines []cart.AddedLine
	for i := range 2000 {
		sku := catalog.SKU(strings.Repeat("x", 90) + strconv.Itoa(i))
		prices[sku] = 100
		lines = append(lines, cart.AddedLine{SKU: sku, Quantity: 1})
	}
	s.sells(prices)
	before := s.engine.Submitted()
	_, err := s.carts.AddLines(t.Context(), cart.AddLines{Lines: lines})
	large, ok := errors.AsType[*command.TooLargeError](err)
	if !ok || large.Bytes <= command.MaxBytes || !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v, want a TooLargeError", err)
	}
	if n := s.engine.Submitted() - before; n != 0 {
		t.Errorf("%d commands were logged", n)
	}
}

func TestPropertiesTellLinesApart(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"ring": 9900})
	engraved := func(text string, n int64) cart.AddedLine {
		return cart.AddedLine{SKU: "ring", Quantity: n, Properties: []cart.Property{{Name: "size", Value: "54"}, {Name: "engraving", Value: text}}}
	}
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{engraved("A+B", 1), engraved("C", 1), {SKU: "ring", Quantity: 1}}})
	swapped := engraved("A+B", 2)
	swapped.Properties[0], swapped.Properties[1] = swapped.Properties[1], swapped.Properties[0]
	c = s.add(cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{swapped}})
	if len(c.Lines) != 3 || c.Lines[0].Quantity != 3 || c.Lines[1].Properties[0].Value != "C" || c.Lines[2].Properties != nil {
		t.Fatalf("got %+v", c.Lines)
	}
	_, err := s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "ring"})
	wants(t, err, fault.Invalid)
	c, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "ring", Line: c.Lines[1].ID})
	if err != nil || len(c.Lines) != 2 || c.Lines[0].Properties[0].Value != "A+B" {
		t.Errorf("after one was removed: %+v, %v", c.Lines, err)
	}
	got, err := s.carts.Merge(t.Context(), c.ID, s.customer("a@example.com"))
	if err != nil || len(got.Lines) != 2 || got.Lines[0].Properties[0].Value != "A+B" {
		t.Errorf("merged: %+v, %v", got.Lines, err)
	}
	for name, list := range map[string][]cart.Property{
		"no name": {{Value: "x"}}, "a name twice": {{Name: "x"}, {Name: "x"}}, "a long value": {{Name: "x", Value: strings.Repeat("x", 501)}},
		"too many": make([]cart.Property, cart.MaxProperties+1),
	} {
		_, err := s.carts.AddLines(t.Context(), cart.AddLines{Lines: []cart.AddedLine{{SKU: "ring", Quantity: 1, Properties: list}}})
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
