// Package catalog keeps what a shop sells: products, the variants that a
// shopper chooses from, and their prices.
//
// A product, its variants and prices live together on one slot. On creation
// that is the slot of its first SKU's claim, so that the most common product,
// with one SKU that is also its handle, is made by one command on one shard.
// Handles and SKUs share one namespace: a name means one product. The category
// tree lives on the store's slot.
package catalog

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

//go:embed schema.sql
var schema string

// Cache keeps the results of reads. It forgets what was read for a key before
// a commit touched that key. Errors are not kept. The values are shared:
// nobody changes them.
type Cache interface {
	Get(key string, load func() (any, error)) (any, error)
	// Many is Get for several keys; load loads those at the given positions. A
	// nil is not kept.
	Many(keys []string, load func(missing []int) ([]any, error)) ([]any, error)
	// Version moves on when what a key names changes; false if nothing is kept.
	Version(key string) (version uint64, known bool)
}

// Service is the catalog of a store. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	cache  Cache
}

// NewService returns the catalog of the engine's store. cache may be nil.
func NewService(engine command.Engine, cache Cache) *Service {
	if cache == nil {
		cache = noCache{}
	}
	return &Service{engine: engine, cache: cache}
}

// noCache is a Cache that keeps nothing.
type noCache struct{}

func (noCache) Get(_ string, load func() (any, error)) (any, error) { return load() }

func (noCache) Many(keys []string, load func(missing []int) ([]any, error)) ([]any, error) {
	all := make([]int, len(keys))
	for i := range all {
		all[i] = i
	}
	return load(all)
}

func (noCache) Version(string) (uint64, bool) { return 0, false }

// Module returns what the package adds to the state machine. It needs that of
// package claim.
func Module() command.Module {
	return command.Module{
		Name: "catalog",
		Commands: []command.Definition{
			command.Define(PutProduct.apply),
			command.Define(putProducts.apply),
			command.Define(PutVariants.apply),
			command.Define(ArchiveProduct.apply),
			command.Define(PutCategory.apply),
			command.Define(MoveCategory.apply),
			command.Define(RemoveCategory.apply),
			command.Define(PutPriceList.apply),
			command.Define(PutProductType.apply),
			command.Define(setListPrices.apply),
			command.Define(PutCollection.apply),
			command.Define(RemoveCollection.apply),
			command.DefineRepeatable(setRules.apply),
			command.DefineRepeatable(toldRules.apply),
			command.DefineRepeatable(collect.apply),
			command.DefineRepeatable(leaveCategory.apply),
			command.DefineRepeatable(leftCategory.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*UnknownSKUError]("catalog.unknown_sku"),
			fault.Typed[*UnknownProductError]("catalog.unknown_product"),
			fault.Typed[*NameTakenError]("catalog.name_taken"),
			fault.Typed[*ReferenceTakenError]("catalog.reference_taken"),
			fault.Typed[*NameBusyError]("catalog.name_busy"),
			fault.Typed[*VersionError]("catalog.version"),
			fault.Typed[*DuplicateOptionsError]("catalog.duplicate_options"),
			fault.Typed[*movedError]("catalog.moved"),
			fault.Typed[*BarcodeError]("catalog.barcode"),
			fault.Typed[*GiftCardWorthError]("catalog.gift_card_worth"),
			fault.Typed[*UnknownCategoryError]("catalog.unknown_category"),
			fault.Typed[*CategoryHandleError]("catalog.category_handle"),
			fault.Typed[*CategoryVersionError]("catalog.category_version"),
			fault.Typed[*CategoryCycleError]("catalog.category_cycle"),
			fault.Typed[*CategoryNotEmptyError]("catalog.category_not_empty"),
			fault.Typed[*UnknownCollectionError]("catalog.unknown_collection"),
			fault.Typed[*CollectionHandleError]("catalog.collection_handle"),
			fault.Typed[*CollectionVersionError]("catalog.collection_version"),
			fault.Typed[*UnknownProductTypeError]("catalog.unknown_product_type"),
			fault.Typed[*ProductTypeCodeError]("catalog.product_type_code"),
			fault.Typed[*ProductTypeVersionError]("catalog.product_type_version"),
			fault.Typed[*AttributeKindError]("catalog.attribute_kind"),
			fault.Typed[*AttributeError]("catalog.attribute"),
			fault.Typed[*UnknownPriceListError]("catalog.unknown_price_list"),
			fault.Typed[*PriceListCodeError]("catalog.price_list_code"),
			fault.Typed[*PriceListVersionError]("catalog.price_list_version"),
		},
		Check: check,
	}
}
