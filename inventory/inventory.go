// Package inventory keeps stock so that it is never sold twice, and so that
// selling it needs no shard but the shopper's own.
//
// Stock is counted per pool: one variant at one location. The shard of the
// variant is the pool's authority. It knows what is on hand and hands out
// allowances to the other shards; a shard sells from its allowance without
// asking anybody. When an allowance is short, [Service.Fill] borrows from the
// authority, which takes back what other shards do not need, so that the last
// unit can be sold from any shard. What was shipped and returned is booked at
// the authority a moment later.
//
// Every pair of authority and shard keeps totals that only grow: granted and
// deposited, given back and booked. What is on its way is their difference, so
// each leg may be repeated, and one that a crash left undone is finished by
// whoever needs the goods next, or by [Service.Settle].
//
// [Hold], [Commit], [Release], [Uncommit], [Ship] and [Return] run inside the
// transactions of other packages' commands, on the shopper's shard. Hold alone
// undoes what it did when it fails; a command that gets an error from one of
// the others must return it, so that the shard undoes the whole command.
package inventory

import (
	"context"
	_ "embed"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

//go:embed schema.sql
var schema string

// Catalog tells which variants SKUs name. A *catalog.Service is one.
type Catalog interface {
	// Variants returns the variants in the order of the SKUs, or an error
	// that names one that does not exist.
	Variants(ctx context.Context, skus []catalog.SKU) ([]catalog.Variant, error)
}

// Service changes and reads stock. It is safe for concurrent use.
type Service struct {
	engine  command.Engine
	catalog Catalog
	cache   Cache
	locks   locks
	hints   hints
}

// Cache keeps the results of reads, as that of package catalog does.
type Cache interface {
	Get(key string, load func() (any, error)) (any, error)
	// Many is Get for several keys; load loads those at the given positions.
	Many(keys []string, load func(missing []int) ([]any, error)) ([]any, error)
	// Version moves on when what a key names changes; false if nothing is kept.
	Version(key string) (version uint64, known bool)
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

// NewService returns the service of one store. cache may be nil.
func NewService(engine command.Engine, c Catalog, cache Cache) *Service {
	if cache == nil {
		cache = noCache{}
	}
	return &Service{engine: engine, catalog: c, cache: cache, locks: locks{held: map[string]*poolLock{}}}
}

// Module returns the package's commands and tables.
func Module() command.Module {
	return command.Module{
		Name: "inventory",
		Commands: []command.Definition{
			command.Define(route.apply),
			command.Define(Receive.apply),
			command.Define(ReceiveMany.apply),
			command.Define(Adjust.apply),
			command.Define(SetPolicy.apply),
			command.Define(SetSourcing.apply),
			command.Define(SendTransfer.apply),
			command.Define(ReceiveTransfer.apply),
			command.Define(Annotate.apply),
			command.DefineRepeatable(grant.apply),
			command.DefineRepeatable(deposit.apply),
			command.DefineRepeatable(giveBack.apply),
			command.DefineRepeatable(book.apply),
			command.DefineRepeatable(acknowledge.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*OutOfStockError]("inventory.out_of_stock"),
			fault.Typed[*ShortError]("inventory.short"),
			fault.Typed[*StateError]("inventory.state"),
			fault.Typed[*QuantityError]("inventory.quantity"),
			fault.Typed[*VersionError]("inventory.version"),
			fault.Typed[*SourcingVersionError]("inventory.sourcing_version"),
			fault.Typed[*KitError]("inventory.kit"),
		},
		Check: check,
	}
}
