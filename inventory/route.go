package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// route records under the caller's key to which pools a request about stock
// goes. The request itself goes to the pools' shards, and a SKU may have moved
// to another product by the time it is asked again: without this the same
// delivery would be added there once more. And a key that is used again for
// another SKU would meet no record, since that lives on another shard.
type route struct {
	// Request is what the caller asked for. It is not logged, and only a part
	// of what tells a retry from another request.
	Request any      `cbor:"-"`
	Pools   []PoolID `cbor:"1,keyasint" command:"stamped"`
}

// Kind returns "inventory.route".
func (route) Kind() command.Kind { return "inventory.route" }

// Validate returns nil: the request was validated.
func (route) Validate() error { return nil }

func (c route) apply(*command.Tx) ([]PoolID, error) { return c.Pools, nil }

// longestKey is what a caller's key may have, in bytes.
const longestKey = 255

// route returns the pools of some SKUs and locations: those of the first time
// that the request was made under this key, whatever has moved since.
func (s *Service) route(ctx context.Context, key, purpose string, request any, skus []catalog.SKU, locations []Location) ([]PoolID, error) {
	if len(key) > longestKey {
		return nil, fault.New(fault.Invalid, "the idempotency key is %d bytes; the limit is %d", len(key), longestKey)
	}
	c := route{Request: request}
	prepare := func(command.Stamp) error {
		pools, err := s.poolsOf(ctx, skus, locations)
		c.Pools = pools
		return err
	}
	pools, err := command.Do[[]PoolID](ctx, s.engine, &c, command.Call{Key: derived(key, purpose), Create: true, Prepare: prepare})
	switch {
	case fault.CodeOf(err) == fault.Conflict:
		err = fault.New(fault.Conflict, "key %q was used for another request about stock: use a new key, or send the same request", key)
	case err == nil && len(pools) != len(skus):
		err = fault.New(fault.Broken, "%d pools are on record for %d SKUs", len(pools), len(skus))
	}
	return pools, command.UnderKey(key, err)
}

// derived returns the key of one of the commands that a request consists of.
// It leads back to one key and purpose only.
func derived(key, purpose string) string {
	if long := key + "/" + purpose; len(long) <= longestKey {
		return long
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:]) + "/" + purpose
}
