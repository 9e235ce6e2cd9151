package catalog

import (
	"cmp"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// home returns the slot that the product lives on, which for a new one is that
// of its first SKU.
func (c PutProduct) home() (id.Slot, error) {
	if have := cmp.Or(c.ID, c.Target); have != "" {
		return have.Slot()
	}
	return c.Variants[0].Claim.Slot(), nil
}

// batches looks up which products are replaced, and returns for each shard the
// batches of products that one command can put. The rest have keys of their own
// or the handle of an earlier one.
func (b *bulk) batches(indexes []int) (shards [][][]int, rest []int, err error) {
	c := newChunks(b.s.engine.Shards())
	if err := b.findOwners(indexes); err != nil {
		return nil, nil, err
	}
	seen := map[claim.Hash]bool{}
	for _, i := range indexes {
		p := &b.products[i]
		home, err := p.home()
		if err != nil {
			return nil, nil, err
		}
		// Of two with one handle the later must find what the earlier made.
		if p.Key != "" || p.large() || seen[p.Claim] {
			rest = append(rest, i)
			continue
		}
		seen[p.Claim] = true
		c.add(b.s.engine.ShardOf(home), i, p.size())
	}
	return c.shards, rest, nil
}

// findOwners sets the targets of products whose handles are there already, with
// one snapshot for each shard.
func (b *bulk) findOwners(indexes []int) error {
	byShard := make([][]int, b.s.engine.Shards())
	for _, i := range indexes {
		if b.products[i].ID == "" {
			n := b.s.engine.ShardOf(b.products[i].Claim.Slot())
			byShard[n] = append(byShard[n], i)
		}
	}
	for n, indexes := range byShard {
		if len(indexes) == 0 {
			continue
		}
		err := b.s.engine.View(b.ctx, b.s.engine.SlotOn(n), func(tx *sqlite.Tx) error {
			for _, i := range indexes {
				owner, _, err := claim.OwnerTx(tx, ClaimKind, b.products[i].Claim)
				if err != nil {
					return err
				}
				b.products[i].Target = ProductID(owner)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// putBatch puts products of one shard with one command, after reserving
// together what changes of their names on other slots. Whatever stands against
// that is left to putting them one by one.
func (b *bulk) putBatch(batch []int) error {
	c := putProducts{Products: make([]PutProduct, len(batch))}
	for i, n := range batch {
		c.Products[i] = b.products[n]
	}
	have, err := b.readTargets(c.Products)
	if err != nil {
		return err
	}
	slot, err := c.Products[0].home()
	if err != nil {
		return err
	}
	var r *claim.Reservation
	isNew := true
	all, err := command.Do[allStored](b.ctx, b.s.engine, &c, command.Call{Slot: slot, Prepare: func(stamp command.Stamp) (err error) {
		r, isNew, err = b.prepareBatch(c.Products, have, stamp)
		return err
	}})
	switch {
	case r == nil || fault.CodeOf(err) == fault.Uncertain:
	case err == nil:
		_ = r.Settle(b.ctx, b.s.engine) // what fails here settles itself
	case isNew:
		_ = r.Abandon(b.ctx, b.s.engine)
	}
	switch {
	case fault.CodeOf(err) == fault.Uncertain:
		return err
	case err != nil:
		return b.putEach(batch)
	}
	for i, n := range batch {
		b.done[n] = all.Products[i]
	}
	return nil
}

// prepareBatch stamps the products and reserves their names. It reports whether
// all of them are new.
func (b *bulk) prepareBatch(products []PutProduct, have []record, stamp command.Stamp) (r *claim.Reservation, isNew bool, err error) {
	isNew = true
	var changes []claim.Change
	for i := range products {
		p := &products[i]
		if err := b.s.checkReferences(b.ctx, *p); err != nil {
			return nil, isNew, err
		}
		home, err := p.home()
		if err != nil {
			return nil, isNew, err
		}
		p.NewID = ProductID(command.Stamp{At: stamp.At, Slot: home}.NewID("prd"))
		isNew = isNew && have[i].ID == ""
		change := p.change(have[i], home)
		if len(change.Take)+len(change.Drop) > 0 {
			changes = append(changes, change)
			p.Reserved = &Reserved{Base: have[i].Version}
		}
	}
	if len(changes) == 0 {
		return nil, isNew, nil
	}
	if r, err = claim.ReserveAll(b.ctx, b.s.engine, changes); err != nil {
		return r, isNew, err
	}
	for i := range products {
		if products[i].Reserved != nil {
			products[i].Reserved.Deadline, products[i].Reserved.Token = r.Deadline, r.Token
		}
	}
	return r, isNew, nil
}

// readTargets reads the products that are replaced, all of one shard, in one
// snapshot. A target that is not there was reserved and is new.
func (b *bulk) readTargets(products []PutProduct) ([]record, error) {
	have := make([]record, len(products))
	if !slices.ContainsFunc(products, func(p PutProduct) bool { return p.ID != "" || p.Target != "" }) {
		return have, nil
	}
	slot, err := products[0].home()
	if err != nil {
		return nil, err
	}
	err = b.s.engine.View(b.ctx, slot, func(tx *sqlite.Tx) error {
		for i, p := range products {
			if id := cmp.Or(p.ID, p.Target); id != "" {
				if have[i], _, err = readRecord(tx, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return have, err
}
