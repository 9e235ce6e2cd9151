// Package pricing says what things cost: goods with their tax, shipping, and
// how a total comes about.
//
// The rules of a store are its settings, tax zones and shipping zones. They
// live on the store slot and are read as one versioned snapshot, [Rules].
// [Rules.Price] is a pure function from a snapshot and what is bought to a
// [Quote]. The same input gives the same quote, on every machine and in every
// year, and a quote holds all that is needed to say how each of its amounts
// came about: see [Quote.Explain].
//
// All amounts in here are minor units of one currency. In each row of a quote
// net + tax = gross, and the rows add up to the totals: tax is rounded once
// for each row and tax, discounts are divided by the largest remainder, and
// no minor unit is lost or made.
package pricing

import (
	"context"
	_ "embed"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

//go:embed schema.sql
var schema string

// Cache keeps the results of reads, as that of package catalog does.
type Cache interface {
	Get(key string, load func() (any, error)) (any, error)
}

// Service keeps a store's rules. It is safe for concurrent use.
type Service struct {
	engine  command.Engine
	catalog *catalog.Service
	cache   Cache
	spent   spent
	options Options

	taxesBreaker, ratesBreaker breaker
}

// NewService returns the service of a store. cache may be nil.
func NewService(engine command.Engine, products *catalog.Service, cache Cache, o Options) *Service {
	if cache == nil {
		cache = noCache{}
	}
	return &Service{engine: engine, catalog: products, cache: cache, options: o}
}

// noCache is a Cache that keeps nothing.
type noCache struct{}

func (noCache) Get(_ string, load func() (any, error)) (any, error) { return load() }

// Variants returns what the catalog says of SKUs now, in their order. The
// error is a *catalog.UnknownSKUError for the first that there is none for.
func (s *Service) Variants(ctx context.Context, skus []catalog.SKU) ([]catalog.Variant, error) {
	return s.catalog.Variants(ctx, skus)
}

// Variant returns what the catalog says of a SKU now, or a
// *catalog.UnknownSKUError.
func (s *Service) Variant(ctx context.Context, sku catalog.SKU) (catalog.Variant, error) {
	return s.catalog.BySKU(ctx, sku)
}

// Renew looks again at what the catalog has, where that may have changed.
func (s *Service) Renew(ctx context.Context, sights []catalog.Sight) error {
	return s.catalog.Renew(ctx, sights)
}

// PriceLists returns the price lists as they are now.
func (s *Service) PriceLists(ctx context.Context) (*catalog.PriceLists, error) {
	return s.catalog.PriceLists(ctx)
}

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "pricing",
		Commands: []command.Definition{
			command.Define(PutSettings.apply),
			command.Define(PutTaxZone.apply),
			command.Define(PutShippingZone.apply),
			command.Define(PutPromotion.apply),
			command.Define(PutQuantityRule.apply),
			command.Define(PutFee.apply),
			command.Define(PutExemption.apply),
			command.Define(PutCoupon.apply),
			command.Define(Remove.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*VersionError]("pricing.version"),
			fault.Typed[*NotFoundError]("pricing.not_found"),
			fault.Typed[*ExistsError]("pricing.exists"),
			fault.Typed[*UnknownCodeError]("pricing.unknown_code"),
			fault.Typed[*LimitError]("pricing.limit"),
			fault.Typed[*FullError]("pricing.full"),
			fault.Typed[*TaxesError]("pricing.taxes"),
			fault.Typed[*BoughtError]("pricing.bought"),
			fault.Typed[*LineError]("pricing.line"),
			fault.Typed[*GivenError]("pricing.given"),
		},
		Check: check,
	}
}
