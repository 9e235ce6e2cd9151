package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

// PutListPrices sets prices of a price list. What the list has for a variant
// that is named here is replaced; no Tiers take it off the list. Variants that
// are not named stay as they are.
type PutListPrices struct {
	List   PriceListID
	Prices []SKUPrices
}

// SKUPrices are the prices that a list has for a variant.
type SKUPrices struct {
	SKU   SKU
	Tiers []Tier
}

// Tier is a price from a quantity on.
type Tier struct {
	MinQuantity int64        `cbor:"1,keyasint,omitempty"` // 0 means 1
	Price       money.Amount `cbor:"2,keyasint"`
}

// mostTiers bounds what one list has for one variant.
const mostTiers = 100

// mostQuantity bounds where a tier begins.
const mostQuantity = 1_000_000_000

// Validate returns fault.Invalid if a price could not be, whatever the store
// holds.
func (c PutListPrices) Validate() error {
	if err := id.Check("plist", string(c.List)); err != nil {
		return err
	}
	seen := make(map[SKU]bool, len(c.Prices))
	for i, p := range c.Prices {
		if seen[p.SKU] {
			return fault.Wrong(fault.Item("prices", i)+".sku", "%q is named twice", p.SKU)
		}
		seen[p.SKU] = true
		if err := p.check(); err != nil {
			return fault.InField(fault.Item("prices", i), err)
		}
	}
	return nil
}

func (p SKUPrices) check() error {
	if len(p.Tiers) > mostTiers {
		return fault.Wrong("tiers", "%q has %d tiers; the limit is %d", p.SKU, len(p.Tiers), mostTiers)
	}
	tiers := p.sorted()
	for i, t := range tiers {
		if t.MinQuantity < 1 || t.MinQuantity > mostQuantity {
			return fault.Wrong("tiers.min_quantity", "a tier of %q begins at %d units: it is 1 to %d", p.SKU, t.MinQuantity, mostQuantity)
		}
		if err := checkPrices("list price", p.SKU, []money.Amount{t.Price}); err != nil {
			return fault.InField("tiers.price", err)
		}
		if i > 0 && tiers[i-1].MinQuantity == t.MinQuantity && tiers[i-1].Price.Currency() == t.Price.Currency() {
			return fault.Wrong("tiers", "%q has two prices in %s from %d units on", p.SKU, t.Price.Currency(), t.MinQuantity)
		}
	}
	return nil
}

// sorted returns the tiers by currency and quantity.
func (p SKUPrices) sorted() []Tier {
	tiers := slices.Clone(p.Tiers)
	for i := range tiers {
		tiers[i].MinQuantity = cmp.Or(tiers[i].MinQuantity, 1)
	}
	slices.SortFunc(tiers, func(a, b Tier) int {
		return cmp.Or(strings.Compare(string(a.Price.Currency()), string(b.Price.Currency())), cmp.Compare(a.MinQuantity, b.MinQuantity))
	})
	return tiers
}

// setListPrices sets prices of a list for variants of one shard.
type setListPrices struct {
	List     PriceListID         `cbor:"1,keyasint"`
	Variants []variantListPrices `cbor:"2,keyasint"` // those of a product side by side
}

type variantListPrices struct {
	Variant VariantID `cbor:"1,keyasint"`
	Product ProductID `cbor:"2,keyasint"`
	Tiers   []Tier    `cbor:"3,keyasint,omitempty"` // sorted
}

// Kind returns "catalog.set_list_prices".
func (setListPrices) Kind() command.Kind { return "catalog.set_list_prices" }

// Validate returns nil: PutListPrices has checked everything.
func (setListPrices) Validate() error { return nil }

func (c setListPrices) apply(tx *command.Tx) (struct{}, error) {
	for i := 0; i < len(c.Variants); {
		n := i + 1
		for n < len(c.Variants) && c.Variants[n].Product == c.Variants[i].Product {
			n++
		}
		if err := c.applyTo(tx, c.Variants[i].Product, c.Variants[i:n]); err != nil {
			return struct{}{}, err
		}
		i = n
	}
	return struct{}{}, nil
}

// applyTo sets the prices of one product's variants.
func (c setListPrices) applyTo(tx *command.Tx, product ProductID, variants []variantListPrices) error {
	slot, err := product.Slot()
	if err != nil {
		return fault.Wrap(fault.Broken, err, "setting list prices")
	}
	own := *tx // the product's rows and events belong to its slot
	own.Slot = slot
	changed := false
	for _, v := range variants {
		have, found, err := VariantTx(tx.Tx, v.Variant)
		if err != nil {
			return err
		}
		if !found {
			return &movedError{Product: product}
		}
		if slices.Equal(have.tiersOf(c.List), v.Tiers) {
			continue
		}
		changed = true
		own.Touch(skuKey(have.SKU))
		if err := c.store(&own, v); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return bump(&own, product, "product.priced", []string{"list_prices"})
}

func (c setListPrices) store(tx *command.Tx, v variantListPrices) error {
	if _, err := tx.Exec(`DELETE FROM list_prices WHERE variant = ? AND list = ?`, v.Variant, c.List); err != nil {
		return err
	}
	for _, t := range v.Tiers {
		_, err := tx.Exec(`INSERT INTO list_prices (variant, list, currency, min_quantity, amount, slot) VALUES (?, ?, ?, ?, ?, ?)`,
			v.Variant, c.List, t.Price.Currency(), t.MinQuantity, t.Price.Minor(), tx.Slot)
		if err != nil {
			return err
		}
	}
	return nil
}

// tiersOf returns what a list has for the variant, nil if nothing.
func (v Variant) tiersOf(list PriceListID) (tiers []Tier) {
	for _, p := range v.ListPrices {
		if p.List == list {
			tiers = append(tiers, Tier{MinQuantity: p.MinQuantity, Price: p.Price})
		}
	}
	return tiers
}

// bump counts a change of a part of a product as a version of it.
func bump(tx *command.Tx, product ProductID, kind string, fields []string) error {
	if _, err := tx.Exec(`UPDATE products SET version = version + 1, updated_at = ? WHERE id = ?`, tx.At, product); err != nil {
		return err
	}
	p, _, err := readProduct(tx.Tx, product)
	if err != nil {
		return err
	}
	tx.Touch(productKey(product))
	if err := remember(tx, kind, string(product), p.Version, fields); err != nil {
		return err
	}
	if err := uncollect(tx, product); err != nil {
		return err
	}
	return tx.Emit(kind, string(product), changed{Product: product, Version: p.Version, Status: p.Status})
}

// PutListPrices sets prices of a price list, with few commands, the shards one
// after the other. The error is an *UnknownPriceListError or an
// *UnknownSKUError, and then nothing was set. After any other error some of the
// prices are set and some are not; setting all of them again is safe.
func (s *Service) PutListPrices(ctx context.Context, c PutListPrices) error {
	if err := c.Validate(); err != nil {
		return err
	}
	for range attempts {
		err := s.putListPrices(ctx, c)
		if !startOver(err) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "the variants of price list %s change all the time: try again", c.List)
}

func (s *Service) putListPrices(ctx context.Context, c PutListPrices) error {
	if err := s.checkPriceList(ctx, c.List); err != nil {
		return err
	}
	byShard := make([][]variantListPrices, s.engine.Shards())
	for _, p := range c.Prices {
		v, err := s.BySKU(ctx, p.SKU)
		if err != nil {
			return fmt.Errorf("setting prices of list %s: %w", c.List, err)
		}
		slot, err := v.Product.Slot()
		if err != nil {
			return err
		}
		n := s.engine.ShardOf(slot)
		byShard[n] = append(byShard[n], variantListPrices{Variant: v.ID, Product: v.Product, Tiers: noneIfEmpty(p.sorted())})
	}
	begun := false
	for shard, variants := range byShard {
		slices.SortStableFunc(variants, func(a, b variantListPrices) int { return strings.Compare(string(a.Product), string(b.Product)) })
		for len(variants) > 0 {
			n := fitting(variants)
			cmd := setListPrices{List: c.List, Variants: variants[:n]}
			if _, err := command.Do[struct{}](ctx, s.engine, &cmd, command.Call{Slot: s.engine.SlotOn(shard)}); err != nil {
				err = fmt.Errorf("setting prices of list %s: %w", c.List, err)
				if begun && !startOver(err) {
					err = command.Begun(err, "some of the prices were set: set all of them again")
				}
				return err
			}
			variants, begun = variants[n:], true
		}
	}
	return nil
}

// fitting returns how many of the variants one command takes.
func fitting(variants []variantListPrices) int {
	size := 0
	for i, v := range variants {
		if size += 80 + 20*len(v.Tiers); i > 0 && (size > mostChunkBytes || i == 5*mostChunk) {
			return i
		}
	}
	return len(variants)
}

func (s *Service) checkPriceList(ctx context.Context, list PriceListID) error {
	lists, err := s.PriceLists(ctx)
	if err == nil && !slices.ContainsFunc(lists.All(), func(l PriceList) bool { return l.ID == list }) {
		err = &UnknownPriceListError{List: list}
	}
	return err
}
