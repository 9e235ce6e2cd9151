package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// shop is a catalog on a test engine.
type shop struct {
	testing.TB
	*catalog.Service
	engine *commandtest.Engine
	cache  *mapCache
}

func newShop(t testing.TB, shards int) *shop {
	e := commandtest.New(t, shards, claim.Module(), catalog.Module())
	c := &mapCache{values: map[string]any{}, bumped: map[string]uint64{}}
	e.OnTouch = c.forget
	return &shop{TB: t, Service: catalog.NewService(e, c), engine: e, cache: c}
}

func (s *shop) must(c catalog.PutProduct) catalog.Product {
	s.Helper()
	p, err := s.PutProduct(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// settle lets reservations that were left behind end, and compares names with
// claims over all shards.
func (s *shop) settle() {
	s.Helper()
	s.engine.Drop = nil
	handler := claim.Timer(s.engine, s.Holds)
	s.engine.Advance(time.Minute)
	for _, subject := range s.engine.Timers(claim.TimerKind) {
		if err := handler(context.Background(), subject); err != nil {
			s.Fatal(err)
		}
	}
	found, err := s.CheckAcross(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	for _, v := range found {
		s.Error(v)
	}
}

const picture = assets.ID("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func mug() catalog.PutProduct { return catalog.PutProduct{Title: "Mug", SKU: "MUG", Price: eur(1250)} }

func shirt(sizes ...string) catalog.PutProduct {
	c := catalog.PutProduct{Handle: "shirt", Title: "Shirt"}
	for _, size := range sizes {
		c.Variants = append(c.Variants, catalog.PutVariant{
			SKU:     catalog.SKU("SHIRT-" + size),
			Options: []catalog.Option{{Name: "Size", Value: size}},
			Prices:  []money.Amount{money.New(2500, "USD"), eur(2300)},
		})
	}
	return c
}

func skus(p catalog.Product) (list []string) {
	for _, v := range p.Variants {
		list = append(list, string(v.SKU))
	}
	return list
}

func TestASimpleProductIsOneCommand(t *testing.T) {
	s := newShop(t, 3)
	before := s.engine.Submitted()
	p := s.must(mug())
	if n := s.engine.Submitted() - before; n != 1 {
		t.Fatalf("it took %d commands", n)
	}
	if p.Handle != "MUG" || p.Status != catalog.Active || p.Version != 1 || len(p.Variants) != 1 {
		t.Fatalf("got %+v", p)
	}
	v, err := s.BySKU(t.Context(), "MUG")
	if err != nil {
		t.Fatal(err)
	}
	price, ok := v.Price("EUR")
	if v.Product != p.ID || v.Title != "Mug" || !v.Purchasable || v.Version != 1 || !ok || price != eur(1250) {
		t.Fatalf("got %+v", v)
	}
	if _, ok := v.Price("USD"); ok {
		t.Fatal("a price in a currency that nobody set")
	}
	a, _ := p.ID.Slot()
	b, _ := v.ID.Slot()
	if a != b {
		t.Fatalf("the product lives on slot %d, its variant on %d", a, b)
	}
}

func TestPuttingTheSameChangesNothing(t *testing.T) {
	for _, c := range []catalog.PutProduct{mug(), shirt("S", "M", "L")} {
		s := newShop(t, 3)
		first := s.must(c)
		events := s.events()
		s.engine.Advance(time.Hour)
		slices.Reverse(first.Variants[0].Prices)
		if second := s.must(c); second.Version != 1 || second.ID != first.ID || !second.UpdatedAt.Equal(first.UpdatedAt) {
			t.Fatalf("got %+v after %+v", second, first)
		}
		if now := s.events(); !slices.Equal(now, events) {
			t.Fatalf("events %v became %v", events, now)
		}
	}
}

func (s *shop) events() (kinds []string) {
	s.Helper()
	for i := range s.engine.Shards() {
		err := s.engine.View(context.Background(), s.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT kind FROM outbox ORDER BY seq`)
			for rows.Next() {
				kinds = append(kinds, rows.Text(0))
			}
			return rows.Close()
		})
		if err != nil {
			s.Fatal(err)
		}
	}
	return kinds
}

func TestEveryFieldReplacesAndCounts(t *testing.T) {
	s := newShop(t, 3)
	base := shirt("S", "M")
	version := s.must(base).Version
	for name, change := range map[string]func(*catalog.PutProduct){
		"title":            func(c *catalog.PutProduct) { c.Title = "Better shirt" },
		"description":      func(c *catalog.PutProduct) { c.Description = "Soft." },
		"status":           func(c *catalog.PutProduct) { c.Status = catalog.Draft },
		"reference":        func(c *catalog.PutProduct) { c.ExternalReference = "erp-7" },
		"metadata":         func(c *catalog.PutProduct) { c.Metadata = json.RawMessage(`{"a": 1}`) },
		"private metadata": func(c *catalog.PutProduct) { c.PrivateMetadata = json.RawMessage(`{"a": 2}`) },
		"option":           func(c *catalog.PutProduct) { c.Variants[0].Options[0].Value = "XS" },
		"price":            func(c *catalog.PutProduct) { c.Variants[1].Prices[0] = money.New(1, "USD") },
		"fewer prices":     func(c *catalog.PutProduct) { c.Variants[1].Prices = nil },
		"untracked":        func(c *catalog.PutProduct) { c.Variants[0].Untracked = true },
		"barcode":          func(c *catalog.PutProduct) { c.Variants[0].Barcodes = []string{"4006381333931"} },
		"brand":            func(c *catalog.PutProduct) { c.Brand = "Acme" },
		"SEO":              func(c *catalog.PutProduct) { c.SEO.Title = "The shirt" },
		"media": func(c *catalog.PutProduct) {
			c.Media = []catalog.Media{{Asset: picture, SKUs: []catalog.SKU{"SHIRT-S"}}}
		},
		"attribute": func(c *catalog.PutProduct) { c.Attributes = []catalog.Attribute{{Name: "Fabric", Text: "wool"}} },
		"variant attribute": func(c *catalog.PutProduct) {
			c.Variants[0].Attributes = []catalog.Attribute{{Name: "Fabric", Text: "wool"}}
		},
		"compare-at price":  func(c *catalog.PutProduct) { c.Variants[0].CompareAt = []money.Amount{eur(2900)} },
		"weight":            func(c *catalog.PutProduct) { c.Variants[0].WeightGrams = 200 },
		"length":            func(c *catalog.PutProduct) { c.Variants[0].LengthMM = 300 },
		"width":             func(c *catalog.PutProduct) { c.Variants[0].WidthMM = 300 },
		"height":            func(c *catalog.PutProduct) { c.Variants[0].HeightMM = 300 },
		"tax category":      func(c *catalog.PutProduct) { c.Variants[0].TaxCategory = "books" },
		"variant metadata":  func(c *catalog.PutProduct) { c.Variants[0].Metadata = json.RawMessage(`{"b":{}}`) },
		"variant private":   func(c *catalog.PutProduct) { c.Variants[0].PrivateMetadata = json.RawMessage(`{"b":[]}`) },
		"order of variants": func(c *catalog.PutProduct) { slices.Reverse(c.Variants) },
		"new variant":       func(c *catalog.PutProduct) { c.Variants = append(c.Variants, shirt("XL").Variants...) },
		"fewer variants":    func(c *catalog.PutProduct) { c.Variants = c.Variants[:1] },
	} {
		c := shirt("S", "M")
		change(&c)
		p := s.must(c)
		if version++; p.Version != version {
			t.Errorf("%s: version is %d, want %d", name, p.Version, version)
		}
		want, _ := json.Marshal(c.Variants)
		if again := s.must(c); again.Version != version {
			t.Errorf("%s: putting it again counted as a change; variants %s", name, want)
		}
		if back := s.must(base); back.Version != version+1 {
			t.Errorf("%s: putting the old product back is version %d, want %d", name, back.Version, version+1)
		}
		version++
	}
	s.settle()
}

func TestReadingBackWhatWasPut(t *testing.T) {
	s := newShop(t, 3)
	c := shirt("S", "M")
	c.Description, c.ExternalReference, c.Status = "Soft.", "erp-7", catalog.Draft
	c.Metadata, c.PrivateMetadata = json.RawMessage(`{ "a": [1, 2] }`), json.RawMessage(`{}`)
	c.Variants[0].Barcodes, c.Variants[0].Untracked = []string{"123"}, true
	c.Variants[1].Metadata, c.Variants[1].Options = json.RawMessage(`{"x":"y"}`), append(c.Variants[1].Options, catalog.Option{Name: "Fit", Value: "slim"})
	p := s.must(c)
	got, err := s.ByHandle(t.Context(), "shirt")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(got)
	if other, _ := json.Marshal(p); string(other) != string(text) {
		t.Errorf("PutProduct returned %s\nand ByHandle %s", other, text)
	}
	if got.Description != "Soft." || got.ExternalReference != "erp-7" || got.Status != catalog.Draft ||
		string(got.Metadata) != `{"a":[1,2]}` || string(got.PrivateMetadata) != `{}` {
		t.Errorf("got %s", text)
	}
	small, medium := got.Variants[0], got.Variants[1]
	if !slices.Equal(small.Barcodes, []string{"123"}) || !small.Untracked || small.Purchasable || small.Title != "Shirt – S" ||
		!slices.Equal(small.Prices, []money.Amount{eur(2300), money.New(2500, "USD")}) {
		t.Errorf("got %+v", small)
	}
	if string(medium.Metadata) != `{"x":"y"}` || medium.Title != "Shirt – M / slim" || medium.Untracked {
		t.Errorf("got %+v", medium)
	}
	for _, v := range got.Variants {
		bySKU, err := s.BySKU(t.Context(), v.SKU)
		a, _ := json.Marshal(v)
		if b, _ := json.Marshal(bySKU); string(a) != string(b) {
			t.Errorf("by SKU: got %s, %v; want %s", b, err, a)
		}
		slot, _ := v.ID.Slot()
		err = s.engine.View(t.Context(), slot, func(tx *sqlite.Tx) error {
			byID, found, err := catalog.VariantTx(tx, v.ID)
			if b, _ := json.Marshal(byID); string(a) != string(b) || !found {
				t.Errorf("by ID: got %s, %t; want %s", b, found, a)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestARemovedVariantComesBackAsItself(t *testing.T) {
	s := newShop(t, 3)
	medium := s.must(shirt("S", "M")).Variants[1].ID
	s.must(shirt("S"))
	if _, err := s.BySKU(t.Context(), "SHIRT-M"); !errors.Is(err, fault.NotFound) {
		t.Fatalf("a removed variant: got %v", err)
	}
	if p := s.must(shirt("M", "S")); p.Variants[0].ID != medium || !slices.Equal(skus(p), []string{"SHIRT-M", "SHIRT-S"}) {
		t.Fatalf("got %+v, want %s first", p.Variants, medium)
	}
	s.settle()
}

func TestANameMeansOneProduct(t *testing.T) {
	s := newShop(t, 3)
	owner := s.must(shirt("S", "M"))
	for name, c := range map[string]catalog.PutProduct{
		"a SKU as only SKU":     {Title: "Thief", SKU: "SHIRT-M"},
		"a SKU beside its own":  {Handle: "thief", Title: "Thief", SKU: "SHIRT-M"},
		"a SKU among others":    {Handle: "thief", Title: "Thief", Variants: shirt("M", "XL").Variants},
		"a SKU as handle":       {Handle: "SHIRT-S", Title: "Thief", SKU: "THIEF"},
		"a handle as only SKU":  {Handle: "thief", Title: "Thief", SKU: "shirt"},
		"a handle by ID":        {ID: s.must(mug()).ID, Handle: "shirt", Title: "Mug", SKU: "MUG"},
		"a key does not change": {Title: "Thief", SKU: "SHIRT-M", Key: "k"},
	} {
		_, err := s.PutProduct(t.Context(), c)
		taken, ok := errors.AsType[*catalog.NameTakenError](err)
		if !ok || taken.Product != owner.ID || !errors.Is(err, fault.Conflict) {
			t.Errorf("%s: got %v, want *NameTakenError", name, err)
		}
	}
	if _, err := s.BySKU(t.Context(), "THIEF"); !errors.Is(err, fault.NotFound) {
		t.Errorf("part of a refused product is there: %v", err)
	}
	s.must(catalog.PutProduct{Handle: "honest", Title: "Honest", Variants: shirt("XL", "XXL").Variants})
	s.settle()
}

func TestASKUMovesToAnotherProduct(t *testing.T) {
	s := newShop(t, 3)
	first := s.must(shirt("S", "M"))
	if _, err := s.BySKU(t.Context(), "SHIRT-M"); err != nil { // into the cache
		t.Fatal(err)
	}
	s.must(shirt("S"))
	second := s.must(catalog.PutProduct{Handle: "new-shirt", Title: "New shirt", Variants: shirt("M").Variants})
	v, err := s.BySKU(t.Context(), "SHIRT-M")
	if err != nil || v.Product != second.ID || second.ID == first.ID {
		t.Fatalf("got %+v, %v; want product %s", v, err, second.ID)
	}
	s.settle()
}

func TestAHandleCanChange(t *testing.T) {
	s := newShop(t, 3)
	p := s.must(mug())
	c := mug()
	c.ID, c.Handle = p.ID, "the-mug"
	if got := s.must(c); got.ID != p.ID || got.Handle != "the-mug" {
		t.Fatalf("got %+v", got)
	}
	if got, err := s.ByHandle(t.Context(), "the-mug"); err != nil || got.ID != p.ID {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got, err := s.ByHandle(t.Context(), "MUG"); err != nil || got.Handle != "the-mug" {
		t.Fatalf("the former handle: got %+v, %v", got, err)
	}
	other := s.must(catalog.PutProduct{Handle: "cup", Title: "Cup", SKU: "CUP"})
	c = catalog.PutProduct{ID: p.ID, Title: "Mug", SKU: "MUG-2"}
	if got := s.must(c); got.Handle != "MUG-2" || got.ID == other.ID || !slices.Equal(got.FormerHandles, []string{"the-mug", "MUG"}) {
		t.Fatalf("got %+v", got)
	}
	if _, err := s.PutProduct(t.Context(), mug()); !errors.As(err, new(*catalog.NameTakenError)) {
		t.Fatalf("a former handle means another product: %v", err)
	}
	c.ForgetHandles = []string{"MUG"}
	if got := s.must(c); !slices.Equal(got.FormerHandles, []string{"the-mug"}) {
		t.Fatalf("got %+v", got)
	}
	if got := s.must(mug()); got.ID == p.ID {
		t.Fatal("a name that was dropped still means the old product")
	}
	c.Handle, c.ForgetHandles = "the-mug", nil
	if got := s.must(c); !slices.Equal(got.FormerHandles, []string{"MUG-2"}) {
		t.Fatalf("a handle that came back: got %+v", got)
	}
	s.settle()
}

func TestFormerHandlesFromElsewhere(t *testing.T) {
	s := newShop(t, 3)
	c := shirt("S", "M")
	c.FormerHandles = []string{"old-shirt", "shirt", "SHIRT-S"}
	p := s.must(c)
	if got, err := s.ByHandle(t.Context(), "old-shirt"); err != nil || got.ID != p.ID || got.Handle != "shirt" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if again := s.must(shirt("S", "M")); again.Version != p.Version || !slices.Equal(again.FormerHandles, []string{"old-shirt", "SHIRT-S"}) {
		t.Fatalf("handles that are not named are kept: got %+v", again)
	}
	for i := range 30 {
		c := shirt("S", "M")
		c.ID, c.Handle = p.ID, fmt.Sprintf("shirt-%d", i)
		p = s.must(c)
	}
	if n := len(p.FormerHandles); n != 20 || p.FormerHandles[0] != "shirt-28" {
		t.Fatalf("%d are kept: %v", n, p.FormerHandles)
	}
	if _, err := s.ByHandle(t.Context(), "old-shirt"); !errors.Is(err, fault.NotFound) {
		t.Fatalf("the oldest: %v", err)
	}
	s.must(catalog.PutProduct{Handle: "old-shirt", Title: "Other", SKU: "OTHER"})
	s.settle()
}

func TestAReferenceMeansOneProduct(t *testing.T) {
	s := newShop(t, 3)
	a, b := shirt("S", "M"), mug()
	a.ExternalReference = "erp-7"
	b.ExternalReference = "SHIRT-S" // not the same as the SKU
	first := s.must(a)
	s.must(b)
	if got, err := s.ByReference(t.Context(), "erp-7"); err != nil || got.ID != first.ID {
		t.Fatalf("got %+v, %v", got, err)
	}
	b.ExternalReference = "erp-7"
	for _, key := range []string{"", "k", "k"} {
		b.Key = key
		_, err := s.PutProduct(t.Context(), b)
		if taken, ok := errors.AsType[*catalog.ReferenceTakenError](err); !ok || taken.Product != first.ID || taken.Reference != "erp-7" {
			t.Fatalf("with the key %q: %v", key, err)
		}
	}
	a.ExternalReference = "erp-8"
	s.must(a)
	b.Key = ""
	s.must(b)
	if _, err := s.ByReference(t.Context(), "erp-9"); !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	if _, err := s.ByReference(t.Context(), ""); !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	s.settle()
}

func TestVersions(t *testing.T) {
	s := newShop(t, 3)
	p := s.must(mug())
	c := mug()
	c.Title, c.Version = "Big mug", p.Version
	if p = s.must(c); p.Version != 2 {
		t.Fatalf("got version %d", p.Version)
	}
	c.Title = "Bigger mug"
	_, err := s.PutProduct(t.Context(), c)
	if v, ok := errors.AsType[*catalog.VersionError](err); !ok || v.Have != 2 || v.Want != 1 || !errors.Is(err, fault.Conflict) {
		t.Fatalf("got %v", err)
	}
	_, err = s.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p.ID, Version: 1})
	if !errors.Is(err, fault.Conflict) {
		t.Fatalf("got %v", err)
	}
	last := "0"
	if p.ID[29] == '0' {
		last = "1"
	}
	_, err = s.PutProduct(t.Context(), catalog.PutProduct{ID: p.ID[:29] + catalog.ProductID(last), Title: "X", SKU: "X"})
	if _, ok := errors.AsType[*catalog.UnknownProductError](err); !ok {
		t.Fatalf("put by an unknown ID: got %v", err)
	}
}

func TestArchive(t *testing.T) {
	s := newShop(t, 3)
	p := s.must(mug())
	for range 2 {
		got, err := s.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p.ID})
		if err != nil || got.Status != catalog.Archived || got.Version != 2 || got.Variants[0].Purchasable {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if v, err := s.BySKU(t.Context(), "MUG"); err != nil || v.Purchasable {
		t.Fatalf("got %+v, %v", v, err)
	}
	if want := []string{"product.created", "product.archived"}; !slices.Equal(s.events(), want) {
		t.Fatalf("events are %v, want %v", s.events(), want)
	}
	if got := s.must(mug()); got.ID != p.ID || got.Status != catalog.Active {
		t.Fatalf("got %+v", got)
	}
}

func TestSameKeySameAnswer(t *testing.T) {
	for _, c := range []catalog.PutProduct{mug(), shirt("S", "M", "L")} {
		s := newShop(t, 3)
		c.Key = "import-1"
		first := s.must(c)
		s.engine.Advance(time.Hour)
		if again := s.must(c); again.ID != first.ID || again.Version != 1 {
			t.Fatalf("got %+v, want %+v", again, first)
		}
		c.Title = "Other"
		if _, err := s.PutProduct(t.Context(), c); !errors.Is(err, fault.Conflict) {
			t.Fatalf("another request under the same key: got %v", err)
		}
		s.settle()
	}
}

func TestARecalledAnswerSettlesNothing(t *testing.T) {
	s := newShop(t, 3)
	c := shirt("S", "M")
	c.Key = "first"
	p := s.must(c)
	s.must(shirt("S"))
	if again := s.must(c); again.Version != 2 || len(again.Variants) != 1 {
		t.Fatalf("the first put happened again: %+v", again)
	}
	renamed := shirt("S")
	renamed.ID, renamed.Handle, renamed.ForgetHandles = p.ID, "shirt-2026", []string{"shirt"}
	s.must(renamed)
	if again := s.must(c); again.ID != p.ID {
		t.Fatalf("got product %s, want %s", again.ID, p.ID)
	}
	s.settle()
	other := s.must(catalog.PutProduct{Handle: "shirt", Title: "Other", Variants: shirt("M").Variants})
	if other.ID == p.ID {
		t.Fatal("the free names still mean the old product")
	}
	s.settle()
}

// TestTheOtherWasFaster lets a put slip in between the steps of another, which
// then must go by what it left.
func TestTheOtherWasFaster(t *testing.T) {
	for _, before := range [][]string{nil, {"S", "M"}} {
		for _, fast := range [][]string{{"M", "XL"}, {"XXL"}, {"S"}} {
			s := newShop(t, 3)
			if before != nil {
				s.must(shirt(before...))
			}
			once := true
			s.engine.Drop = func(e command.Envelope) bool {
				if once && e.Kind == (catalog.PutProduct{}).Kind() {
					once = false
					if _, err := s.PutProduct(t.Context(), shirt(fast...)); err != nil && before != nil {
						t.Errorf("before %v, the fast put of %v: %v", before, fast, err)
					}
				}
				return false
			}
			p, err := s.PutProduct(t.Context(), shirt("S", "L"))
			if err != nil || !slices.Equal(skus(p), []string{"SHIRT-S", "SHIRT-L"}) || once {
				t.Errorf("before %v, after the fast put of %v: got %+v, %v", before, fast, p, err)
			}
			s.settle()
		}
	}
}

func TestInvalidProducts(t *testing.T) {
	s := newShop(t, 1)
	before := s.engine.Submitted()
	for name, change := range map[string]func(*catalog.PutProduct){
		"no title":          func(c *catalog.PutProduct) { c.Title = "" },
		"long title":        func(c *catalog.PutProduct) { c.Title = strings.Repeat("x", 501) },
		"not UTF-8":         func(c *catalog.PutProduct) { c.Description = "\xff" },
		"long description":  func(c *catalog.PutProduct) { c.Description = strings.Repeat("x", 1<<17) },
		"status":            func(c *catalog.PutProduct) { c.Status = "sold" },
		"no variants":       func(c *catalog.PutProduct) { c.Variants = nil },
		"too many variants": func(c *catalog.PutProduct) { c.Variants = make([]catalog.PutVariant, 2001) },
		"no SKU":            func(c *catalog.PutProduct) { c.Variants[0].SKU = "" },
		"spaces":            func(c *catalog.PutProduct) { c.Variants[0].SKU = " X" },
		"control":           func(c *catalog.PutProduct) { c.Handle = "a\x00b" },
		"two ways":          func(c *catalog.PutProduct) { c.SKU = "X" },
		"SKU twice":         func(c *catalog.PutProduct) { c.Variants[1].SKU = c.Variants[0].SKU },
		"same options":      func(c *catalog.PutProduct) { c.Variants[1].Options = c.Variants[0].Options },
		"option twice":      func(c *catalog.PutProduct) { c.Variants[0].Options = slices.Repeat(c.Variants[0].Options, 2) },
		"empty option":      func(c *catalog.PutProduct) { c.Variants[0].Options[0].Value = "" },
		"negative price":    func(c *catalog.PutProduct) { c.Variants[0].Prices[0] = eur(-1) },
		"unknown currency":  func(c *catalog.PutProduct) { c.Variants[0].Prices[0] = money.New(1, "EUX") },
		"no currency":       func(c *catalog.PutProduct) { c.Variants[0].Prices[0] = money.Amount{} },
		"two prices":        func(c *catalog.PutProduct) { c.Variants[0].Prices = []money.Amount{eur(1), eur(2)} },
		"metadata":          func(c *catalog.PutProduct) { c.Metadata = json.RawMessage(`[1]`) },
		"broken metadata":   func(c *catalog.PutProduct) { c.PrivateMetadata = json.RawMessage(`{"a":`) },
		"large metadata": func(c *catalog.PutProduct) {
			c.Metadata = json.RawMessage(`{"a":"` + strings.Repeat("x", 16<<10) + `"}`)
		},
		"metadata UTF-8": func(c *catalog.PutProduct) { c.Variants[0].Metadata = json.RawMessage("{\"a\":\"\xff\"}") },
		"ID":             func(c *catalog.PutProduct) { c.ID = "prd_x" },
		"version":        func(c *catalog.PutProduct) { c.Version = -4 },
	} {
		c := shirt("S", "M")
		change(&c)
		if _, err := s.PutProduct(t.Context(), c); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want fault.Invalid", name, err)
		}
		if _, err := s.PutProducts(t.Context(), []catalog.PutProduct{mug(), c}); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s, among many: got %v, want fault.Invalid", name, err)
		}
	}
	if n := s.engine.Submitted() - before; n != 0 {
		t.Errorf("%d commands were logged", n)
	}
	if _, ok := errors.AsType[*catalog.DuplicateOptionsError](mustFail(s, func(c *catalog.PutProduct) {
		c.Variants[1].Options = c.Variants[0].Options
	})); !ok {
		t.Error("same options: want *DuplicateOptionsError")
	}
}

func mustFail(s *shop, change func(*catalog.PutProduct)) error {
	c := shirt("S", "M")
	change(&c)
	_, err := s.PutProduct(context.Background(), c)
	return err
}

func TestUnknown(t *testing.T) {
	s := newShop(t, 3)
	s.must(mug())
	_, err := s.Variants(t.Context(), []catalog.SKU{"MUG", "mug", "CUP"})
	if e, ok := errors.AsType[*catalog.UnknownSKUError](err); !ok || e.SKU != "mug" {
		t.Errorf("got %v, want *UnknownSKUError for mug", err)
	}
	if _, err := s.ByHandle(t.Context(), "cup"); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Get(t.Context(), "prd_nonsense"); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestALateReservationIsMadeAgain(t *testing.T) {
	s := newShop(t, 3)
	s.must(mug())
	s.engine.Advance(24 * time.Hour) // every shard clock is a day behind
	s.must(shirt("S", "M", "L", "XL"))
	s.settle()
}

func TestManyVariants(t *testing.T) {
	s := newShop(t, 2)
	var sizes []string
	for i := range 1000 {
		sizes = append(sizes, fmt.Sprintf("%04d", i))
	}
	p := s.must(shirt(sizes...))
	if len(p.Variants) != 1000 || p.Variants[999].SKU != "SHIRT-0999" {
		t.Fatalf("got %d variants", len(p.Variants))
	}
	c := shirt(sizes...)
	c.Variants[500].Prices = []money.Amount{eur(1)}
	if p = s.must(c); p.Version != 2 || p.Variants[500].Prices[0] != eur(1) {
		t.Fatalf("got version %d, %+v", p.Version, p.Variants[500])
	}
	s.settle()
}

func TestAll(t *testing.T) {
	s := newShop(t, 5)
	want := map[catalog.ProductID]bool{}
	for i := range 260 {
		s.engine.Advance(time.Millisecond)
		c := catalog.PutProduct{Title: "P", SKU: catalog.SKU(fmt.Sprintf("P-%d", i)), Price: eur(int64(i))}
		if i%2 == 0 {
			c.Status = catalog.Draft
		}
		want[s.must(c).ID] = true
	}
	var ids []catalog.ProductID
	for p, err := range s.All(t.Context(), catalog.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !want[p.ID] || len(p.Variants) != 1 {
			t.Fatalf("got %+v", p)
		}
		ids = append(ids, p.ID)
	}
	if len(ids) != 260 || !slices.IsSorted(ids) {
		t.Fatalf("got %d products, sorted %t", len(ids), slices.IsSorted(ids))
	}
	var page []catalog.ProductID
	for p, err := range s.All(t.Context(), catalog.Filter{Status: catalog.Draft, After: ids[99], Limit: 7}) {
		if err != nil || p.Status != catalog.Draft {
			t.Fatalf("got %+v, %v", p, err)
		}
		page = append(page, p.ID)
	}
	if len(page) != 7 || page[0] != ids[100] {
		t.Fatalf("got %v", page)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.All(ctx, catalog.Filter{}) {
		if err == nil {
			t.Fatal("a canceled listing goes on")
		}
	}
}
