package inventory

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// Receive adds goods that have arrived. The pool is made if it is new.
type Receive struct {
	SKU      catalog.SKU `cbor:"1,keyasint"`
	Location Location    `cbor:"2,keyasint,omitempty"` // "" is Main
	Quantity int64       `cbor:"3,keyasint"`           // 1 or more
	Reason   string      `cbor:"4,keyasint,omitempty"` // a delivery note, say
	Pool     PoolID      `cbor:"5,keyasint" command:"stamped"`
	Key      string      `cbor:"-"`
}

// Kind returns "inventory.receive".
func (Receive) Kind() command.Kind { return "inventory.receive" }

// Validate reports a missing SKU, a quantity below 1 and texts that are too
// long.
func (c Receive) Validate() error {
	if c.Quantity < 1 || c.Quantity > maxQuantity {
		return fault.Wrong("quantity", "the quantity received of %q is %d; it must be 1 to %d", c.SKU, c.Quantity, int64(maxQuantity))
	}
	return validateStock(c.SKU, c.Location, c.Reason)
}

const maxReason = 500

func validateStock(sku catalog.SKU, l Location, reason string) error {
	switch {
	case sku == "":
		return fault.Wrong("sku", "a change of stock needs a SKU")
	case len(reason) > maxReason:
		return fault.Wrong("reason", "the reason is %d bytes; the limit is %d", len(reason), maxReason)
	}
	return l.validate()
}

func (c Receive) apply(tx *command.Tx) (Stock, error) {
	s, err := stockTx(tx.Tx, c.Pool)
	if err != nil {
		return s, err
	}
	if c.Quantity > maxStock-s.OnHand {
		return s, fault.New(fault.Refused, "%d of %s are on hand; %d more are beyond the limit of %d", s.OnHand, c.SKU, c.Quantity, int64(maxStock))
	}
	s.SKU = c.SKU
	s.add(c.Quantity)
	if err := s.move(tx, MovedReceived, c.Quantity, c.Reason); err != nil {
		return s, err
	}
	if err := s.save(tx); err != nil {
		return s, err
	}
	return s, tx.Emit("inventory.received", string(c.Pool), moved{c.SKU, c.Quantity, s.OnHand, s.Version})
}

// maxStock keeps sums over pools and shards far from overflow.
const maxStock = 1 << 50

// moved is the data of events about stock.
type moved struct {
	SKU      catalog.SKU `json:"sku"`
	Quantity int64       `json:"quantity"` // the change
	OnHand   int64       `json:"on_hand"`
	Version  int64       `json:"version"`
}

// Receive adds goods that have arrived and returns the pool's new record. It
// returns catalog's error for an unknown SKU and fault.Invalid for a variant
// whose stock is not tracked.
func (s *Service) Receive(ctx context.Context, c Receive) (Stock, error) {
	if err := c.Validate(); err != nil {
		return Stock{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	pool, err := s.routeOne(ctx, key, "receive", c, c.SKU, c.Location)
	if err != nil {
		return Stock{}, err
	}
	slot, err := pool.Slot()
	if err != nil {
		return Stock{}, err
	}
	return command.Do[Stock](ctx, s.engine, &c, command.Call{Key: key, Slot: slot, Prepare: func(command.Stamp) error {
		c.Pool = pool
		return nil
	}})
}

// routeOne is route for one SKU.
func (s *Service) routeOne(ctx context.Context, key, purpose string, request any, sku catalog.SKU, l Location) (PoolID, error) {
	pools, err := s.route(ctx, key, purpose, request, []catalog.SKU{sku}, []Location{l})
	if err != nil {
		return "", err
	}
	return pools[0], nil
}

// poolsOf resolves SKUs to their pools, each at a location of its own.
func (s *Service) poolsOf(ctx context.Context, skus []catalog.SKU, locations []Location) ([]PoolID, error) {
	variants, err := s.catalog.Variants(ctx, skus)
	if err != nil {
		return nil, err
	}
	pools := make([]PoolID, len(variants))
	for i, v := range variants {
		switch {
		case v.Untracked:
			return nil, fault.Wrong("sku", "the stock of %s is not tracked", v.SKU)
		case v.IsKit():
			return nil, fault.Wrong("sku", "%s is a kit: its stock is that of its parts", v.SKU)
		}
		pools[i] = PoolOf(v.ID, locations[i])
	}
	return pools, nil
}

// ReceiveMany adds many deliveries at once: see Service.ReceiveMany.
type ReceiveMany struct {
	Lines []Receive `cbor:"1,keyasint"` // their keys are not used
	Key   string    `cbor:"-"`
}

// Kind returns "inventory.receive_many".
func (ReceiveMany) Kind() command.Kind { return "inventory.receive_many" }

// Validate reports what Receive.Validate does, for every line.
func (c ReceiveMany) Validate() error {
	for _, l := range c.Lines {
		if err := l.Validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c ReceiveMany) apply(tx *command.Tx) ([]Stock, error) {
	out := make([]Stock, len(c.Lines))
	for i, l := range c.Lines {
		var err error
		if out[i], err = l.apply(tx); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// receivePage bounds one command of a large delivery, well below its limit in
// bytes.
const receivePage = 200

// ReceiveMany adds many deliveries with few commands, and returns the pools'
// records in the order of the lines. After an error some lines may have been
// added: asking again with the Key, or with that of the *command.UncertainError
// if there was none, adds the others and none twice. The error is never
// fault.Unavailable once a line was added.
func (s *Service) ReceiveMany(ctx context.Context, c ReceiveMany) ([]Stock, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	key := command.KeyOr(s.engine, c.Key)
	lines, err := s.routeMany(ctx, key, c.Lines)
	if err != nil {
		return nil, err
	}
	out := make([]Stock, len(lines))
	parts, err := partition(s.engine, len(lines), receivePage, func(i int) (id.Slot, error) { return lines[i].Pool.Slot() })
	if err != nil {
		return nil, err
	}
	var added atomic.Bool
	err = each(len(parts), func(p int) error {
		part := ReceiveMany{}
		for _, i := range parts[p].items {
			part.Lines = append(part.Lines, lines[i])
		}
		got, err := command.Do[[]Stock](ctx, s.engine, &part, command.Call{Key: derived(key, strconv.Itoa(p)), Slot: parts[p].slot})
		if err == nil {
			added.Store(true)
		}
		for j, i := range parts[p].items[:len(got)] {
			out[i] = got[j]
		}
		return err
	})
	if added.Load() || errors.Is(err, fault.Uncertain) {
		err = command.Begun(err, "some of the lines were perhaps added: send all of them again")
	}
	if err != nil {
		return nil, command.UnderKey(key, err)
	}
	return out, nil
}

// routePage bounds the lines whose pools one record names.
const routePage = 2000

// routeMany returns a copy of the lines with their pools. The records also
// keep the parts of a large delivery the same when it is asked for again.
func (s *Service) routeMany(ctx context.Context, key string, all []Receive) ([]Receive, error) {
	out := make([]Receive, 0, len(all))
	for lines := range slices.Chunk(all, routePage) {
		request := struct {
			Of    int
			Lines []Receive
		}{len(all), lines}
		skus, locations := make([]catalog.SKU, len(lines)), make([]Location, len(lines))
		for i, l := range lines {
			skus[i], locations[i] = l.SKU, l.Location
		}
		pools, err := s.route(ctx, key, "many/"+strconv.Itoa(len(out)), request, skus, locations)
		if err != nil {
			return nil, err
		}
		for i, l := range lines {
			l.Pool = pools[i]
			out = append(out, l)
		}
	}
	return out, nil
}
