package catalog

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/metadata"
	"github.com/keelshop/commerce/money"
)

// Limits of one product, in bytes where they bound a text.
const (
	mostName        = 100 // of a SKU or handle
	mostTitle       = 500
	mostDescription = 64 << 10
	mostReference   = 200
	mostVariants    = 2000
	mostOptions     = 10
	mostOption      = 200
	mostPrices      = 50
	mostBarcodes    = 250 // catalogues list one for each packaging and market
	mostMedia       = 250
	mostSEO         = 2000
	mostCategories  = 50
	mostAttributes  = 500
	mostAttribute   = 8 << 10
	mostValues      = 100
	mostUnit        = 50
	mostTerms       = 2000
	mostEnum        = 1000
	mostChannels    = 100
	mostGrams       = 1_000_000_000
)

// MaxMM bounds the length, width and height of a unit: a kilometre.
const MaxMM = 1_000_000

// Validate returns fault.Invalid if the product could not be sold, whatever
// the store holds.
func (c PutProduct) Validate() error {
	if len(c.Variants) > 0 && (c.SKU != "" || c.Price != money.Amount{}) {
		return fault.Wrong("variants", "a product has either Variants, or SKU and Price for its only one, not both")
	}
	c, err := c.normalized()
	if err != nil {
		return err
	}
	if c.ID != "" {
		if err := id.Check("prd", string(c.ID)); err != nil {
			return err
		}
	}
	if c.Type != "" {
		if err := id.Check("ptype", string(c.Type)); err != nil {
			return err
		}
	}
	if err := command.CheckWanted("a product", c.Version); err != nil {
		return err
	}
	if c.Status != Draft && c.Status != Active && c.Status != Archived {
		return fault.Wrong("status", "%q is not the status of a product: draft, active or archived", c.Status)
	}
	if len(c.Variants) == 0 || len(c.Variants) > mostVariants {
		return fault.Wrong("variants", "product %q has %d variants: it needs 1 to %d", c.Title, len(c.Variants), mostVariants)
	}
	return firstError(
		checkName("handle", "handle", c.Handle),
		checkHandles(c.FormerHandles),
		checkText("title", "title", c.Title, 1, mostTitle),
		checkText("description", "description", c.Description, 0, mostDescription),
		checkText("brand", "brand", c.Brand, 0, mostOption),
		fault.InField("seo", c.SEO.check()),
		checkAttributes(c.Attributes),
		checkCategories(c.Categories),
		checkTranslations(c.Translations),
		checkPublications(c.Publications),
		c.checkMedia(),
		checkText("external_reference", "external reference", c.ExternalReference, 0, mostReference),
		checkVariants(c.Variants),
	)
}

// normalized spells the same product in one way: with Variants, a handle and
// a status, prices sorted by currency, empty lists nil, JSON compact.
func (c PutProduct) normalized() (PutProduct, error) {
	if len(c.Variants) == 0 && c.SKU != "" {
		c.Variants = []PutVariant{{SKU: c.SKU}}
		if c.Price != (money.Amount{}) {
			c.Variants[0].Prices = []money.Amount{c.Price}
		}
	}
	c.SKU, c.Price = "", money.Amount{}
	if c.Handle == "" && len(c.Variants) > 0 {
		c.Handle = string(c.Variants[0].SKU)
	}
	if c.Status == "" {
		c.Status = Active
	}
	var err error
	if c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata); err != nil {
		return c, err
	}
	c.Attributes, c.Translations, c.Publications = normalAttributes(c.Attributes), normalTranslations(c.Translations), normalPublications(c.Publications)
	c.Media, c.Categories = noneIfEmpty(c.Media), noneIfEmpty(c.Categories)
	c.FormerHandles, c.ForgetHandles = noneIfEmpty(c.FormerHandles), noneIfEmpty(c.ForgetHandles)
	c.Variants, err = normalVariants(c.Variants)
	return c, err
}

func normalVariants(variants []PutVariant) ([]PutVariant, error) {
	variants = slices.Clone(variants)
	for i := range variants {
		if err := variants[i].normalize(); err != nil {
			return nil, fault.InField(fault.Item("variants", i), err)
		}
	}
	return variants, nil
}

func (v *PutVariant) normalize() (err error) {
	v.Options, v.Barcodes, v.Attributes = noneIfEmpty(v.Options), noneIfEmpty(v.Barcodes), normalAttributes(v.Attributes)
	v.Prices, v.CompareAt = byCurrency(v.Prices), byCurrency(v.CompareAt)
	v.Components, v.Digital = noneIfEmpty(v.Components), v.Digital.normalized()
	v.Metadata, v.PrivateMetadata, err = metadata.CompactBoth(v.Metadata, v.PrivateMetadata)
	return err
}

func checkHandles(former []string) error {
	if len(former) > mostFormer {
		return fault.Wrong("former_handles", "there are %d former handles; the limit is %d", len(former), mostFormer)
	}
	for _, h := range former {
		if err := checkName("former_handles", "former handle", h); err != nil {
			return err
		}
	}
	return nil
}

// noneIfEmpty spells an empty list as nil.
func noneIfEmpty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func byCurrency(amounts []money.Amount) []money.Amount {
	sorted := slices.Clone(noneIfEmpty(amounts))
	slices.SortFunc(sorted, func(a, b money.Amount) int { return strings.Compare(string(a.Currency()), string(b.Currency())) })
	return sorted
}

// checkMedia leaves out which SKUs are shown if others than these are there.
func (c PutProduct) checkMedia() error {
	if !c.More {
		return checkMedia(c.Media, c.skus())
	}
	media := slices.Clone(c.Media)
	for i := range media {
		media[i].SKUs = nil
	}
	return checkMedia(media, nil)
}

// skus returns the set of the SKUs.
func (c PutProduct) skus() map[SKU]bool {
	set := make(map[SKU]bool, len(c.Variants))
	for _, v := range c.Variants {
		set[v.SKU] = true
	}
	return set
}

func checkVariants(variants []PutVariant) error {
	skus := make(map[SKU]bool, len(variants))
	options := make(map[string]SKU, len(variants))
	for i, v := range variants {
		if err := v.check(); err != nil {
			return fault.InField(fault.Item("variants", i), err)
		}
		if skus[v.SKU] {
			return fault.Wrong(fault.Item("variants", i)+".sku", "two variants have the SKU %q", v.SKU)
		}
		skus[v.SKU] = true
		key, err := optionsKey(v.Options)
		if err != nil {
			return err
		}
		if other, taken := options[key]; taken {
			return fault.InField(fault.Item("variants", i)+".options", &DuplicateOptionsError{SKU: v.SKU, Other: other})
		}
		options[key] = v.SKU
	}
	return nil
}

func (v PutVariant) check() error {
	if err := firstError(checkName("sku", "SKU", string(v.SKU)), checkBarcodes(v.SKU, v.Barcodes), checkAttributes(v.Attributes), v.checkSize(), v.checkStocked(),
		checkText("tax_category", "tax category", v.TaxCategory, 0, mostOption)); err != nil {
		return err
	}
	if len(v.Prices) > mostPrices {
		return fault.Wrong("prices", "variant %q has %d prices: the limit is %d", v.SKU, len(v.Prices), mostPrices)
	}
	if len(v.Options) > mostOptions {
		return fault.Wrong("options", "variant %q has %d options: the limit is %d", v.SKU, len(v.Options), mostOptions)
	}
	for i, o := range v.Options {
		if err := firstError(checkText("name", "option name", o.Name, 1, mostOption), checkText("value", "option value", o.Value, 1, mostOption)); err != nil {
			return fault.InField(fault.Item("options", i), err)
		}
		if slices.ContainsFunc(v.Options[:i], func(other Option) bool { return other.Name == o.Name }) {
			return fault.Wrong(fault.Item("options", i)+".name", "variant %q has the option %q twice", v.SKU, o.Name)
		}
	}
	return firstError(fault.InField("prices", checkPrices("price", v.SKU, v.Prices)),
		fault.InField("compare_at", firstError(checkPrices("compare-at price", v.SKU, v.CompareAt), v.checkCompareAt())))
}

func (v PutVariant) checkSize() error {
	if v.WeightGrams < 0 || v.WeightGrams > mostGrams {
		return fault.Wrong("weight_grams", "variant %q weighs %d g: a weight is 0 to %d", v.SKU, v.WeightGrams, mostGrams)
	}
	for i, mm := range [...]int64{v.LengthMM, v.WidthMM, v.HeightMM} {
		if mm < 0 || mm > MaxMM {
			return fault.Wrong([...]string{"length_mm", "width_mm", "height_mm"}[i], "variant %q measures %d mm: a length is 0 to %d", v.SKU, mm, MaxMM)
		}
	}
	return nil
}

// checkCompareAt refuses an amount to compare nothing with.
func (v PutVariant) checkCompareAt() error {
	for _, p := range v.CompareAt {
		if _, priced := amountIn(v.Prices, p.Currency()); !priced {
			return fault.New(fault.Invalid, "%q has a compare-at price in %s and no price in it", v.SKU, p.Currency())
		}
	}
	return nil
}

// checkPrices takes prices sorted by currency.
func checkPrices(what string, sku SKU, prices []money.Amount) error {
	for i, p := range prices {
		if err := p.Check(); err != nil {
			return fault.Wrap(fault.Invalid, err, "%s of %q", what, sku)
		}
		if p.IsNegative() {
			return fault.New(fault.Invalid, "%q cannot have the %s %v: it is zero or more", sku, what, p)
		}
		if i > 0 && prices[i-1].Currency() == p.Currency() {
			return fault.New(fault.Invalid, "%q has two %ss in %s", sku, what, p.Currency())
		}
	}
	return nil
}

// optionsKey is equal for options that a shopper cannot tell apart.
func optionsKey(options []Option) (string, error) {
	sorted := slices.Clone(options)
	slices.SortFunc(sorted, func(a, b Option) int { return strings.Compare(a.Name, b.Name) })
	return encodeOptions(sorted)
}

// checkName accepts what people can read out and links can carry.
func checkName(field, what, s string) error {
	if err := checkText(field, what, s, 1, mostName); err != nil {
		return err
	}
	if strings.TrimSpace(s) != s || strings.ContainsFunc(s, unicode.IsControl) {
		return fault.Wrong(field, "%s %q has control characters, or spaces around it", what, s)
	}
	return nil
}

func checkText(field, what, s string, least, most int) error {
	switch {
	case len(s) < least:
		return fault.Wrong(field, "the %s is missing", what)
	case len(s) > most:
		return fault.Wrong(field, "the %s is %d bytes long; the limit is %d", what, len(s), most)
	case !utf8.ValidString(s):
		return fault.Wrong(field, "the %s is not UTF-8", what)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
