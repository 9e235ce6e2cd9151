package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Bounds of one putProducts. mostChunkBytes leaves room for the encoding.
const (
	mostChunk      = 200
	mostChunkBytes = 160 << 10
)

// PutProducts does what PutProduct does for each of many products, and returns
// them in the same order. Products travel many to a command, with the shards
// working side by side; of two that mean the same product, the later counts.
//
// After an error some of the products are put and some are not; putting all of
// them again is safe. The error is never fault.Unavailable once one was put,
// but fault.Uncertain.
func (s *Service) PutProducts(ctx context.Context, products []PutProduct) ([]Product, error) {
	job, err := s.putAll(ctx, products)
	if err != nil {
		return nil, err
	}
	out, err := s.loadMany(ctx, job.done)
	return out, job.begun(err)
}

// StoreProducts is PutProducts for a caller, such as an import, who does not
// need to read what is stored then.
func (s *Service) StoreProducts(ctx context.Context, products []PutProduct) error {
	_, err := s.putAll(ctx, products)
	return err
}

func (s *Service) putAll(ctx context.Context, products []PutProduct) (*bulk, error) {
	job := bulk{s: s, ctx: ctx, products: make([]PutProduct, len(products)), done: make([]stored, len(products))}
	for i, c := range products {
		if err := c.Validate(); err != nil {
			return nil, fmt.Errorf("product %d of %d: %w", i+1, len(products), err)
		}
		c, err := c.normalized()
		if err != nil {
			return nil, err
		}
		c.More, c.Target, c.Reserved = false, "", nil // they are not the caller's
		c.stampClaims(s.engine)
		job.products[i] = c
	}
	if err := job.run(); err != nil {
		return nil, fmt.Errorf("putting %d products: %w", len(products), job.begun(err))
	}
	return &job, nil
}

// bulk is one call of PutProducts.
type bulk struct {
	s        *Service
	ctx      context.Context
	products []PutProduct
	done     []stored // at the product's index
}

func (b *bulk) run() error {
	chunks, rest := b.split()
	if err := b.sideBySide(chunks, b.putChunk); err != nil {
		return err
	}
	batches, rest, err := b.batches(rest)
	if err != nil {
		return err
	}
	if err := b.sideBySide(batches, b.putBatch); err != nil {
		return err
	}
	return b.putEach(rest)
}

// sideBySide runs the chunks of each shard one after the other, and the shards
// at the same time.
func (b *bulk) sideBySide(shards [][][]int, put func([]int) error) error {
	errs := make([]error, len(shards))
	var wait sync.WaitGroup
	for i, chunks := range shards {
		wait.Go(func() {
			for _, chunk := range chunks {
				if errs[i] == nil {
					errs[i] = put(chunk)
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// begun says of an err that may have come after a product was put that all of
// them are to be put again.
func (b *bulk) begun(err error) error {
	put := func(d stored) bool { return d.ID != "" }
	if !errors.Is(err, fault.Uncertain) && !slices.ContainsFunc(b.done, put) {
		return err
	}
	return command.Begun(err, "some of the products were perhaps put: put all of them again")
}

// split returns, for each shard, the chunks of products that one command can
// put, by their indexes, and the products that have names on several slots.
func (b *bulk) split() (shards [][][]int, rest []int) {
	c := newChunks(b.s.engine.Shards())
	same := map[claim.Hash]int{} // how many products have a handle
	for _, p := range b.products {
		same[p.Claim]++
	}
	for i, p := range b.products {
		// Of several that mean one product the order counts.
		if !p.local() || p.Key != "" || same[p.Claim] > 1 {
			rest = append(rest, i)
			continue
		}
		c.add(b.s.engine.ShardOf(p.Claim.Slot()), i, p.size())
	}
	return c.shards, rest
}

// chunks gathers what one command takes, for each shard.
type chunks struct {
	shards [][][]int
	bytes  []int // of the last chunk of each shard
}

func newChunks(shards int) *chunks {
	return &chunks{shards: make([][][]int, shards), bytes: make([]int, shards)}
}

func (c *chunks) add(shard, index, size int) {
	last := len(c.shards[shard]) - 1
	if last < 0 || len(c.shards[shard][last]) == mostChunk || c.bytes[shard]+size > mostChunkBytes {
		c.shards[shard] = append(c.shards[shard], nil)
		last, c.bytes[shard] = last+1, 0
	}
	c.shards[shard][last] = append(c.shards[shard][last], index)
	c.bytes[shard] += size
}

// size estimates the bytes of a product inside a command.
func (c PutProduct) size() int {
	size := 300 + len(c.Handle) + len(c.Title) + len(c.Description) + len(c.ExternalReference) + len(c.Metadata) + len(c.PrivateMetadata)
	size += len(c.Brand) + len(c.SEO.Title) + len(c.SEO.Description) + 36*len(c.Categories) + sizeOf(c.Attributes)
	for _, m := range c.Media {
		size += 80 + len(m.Alt) + (mostName+3)*len(m.SKUs)
	}
	for _, t := range c.Translations {
		size += 60 + len(t.Title) + len(t.Description) + len(t.SEO.Title) + len(t.SEO.Description)
		for _, term := range t.Terms {
			size += 10 + len(term.Text) + len(term.Translation)
		}
	}
	for _, p := range c.Publications {
		size += 50 + len(p.Channel)
	}
	for _, h := range slices.Concat(c.FormerHandles, c.ForgetHandles) {
		size += 38 + len(h)
	}
	for _, v := range c.Variants {
		size += v.size()
	}
	return size
}

func (v PutVariant) size() int {
	size := 80 + len(v.SKU) + len(v.Metadata) + len(v.PrivateMetadata) + 16*(len(v.Prices)+len(v.CompareAt)) + sizeOf(v.Attributes)
	for _, b := range v.Barcodes {
		size += 3 + len(b)
	}
	for _, o := range v.Options {
		size += 8 + len(o.Name) + len(o.Value)
	}
	for _, c := range v.Components {
		size += 16 + len(c.SKU)
	}
	if v.Digital != nil {
		size += 200
		for _, f := range v.Digital.Files {
			size += 80 + len(f.Name)
		}
	}
	return size
}

func sizeOf(attributes []Attribute) (size int) {
	for _, a := range attributes {
		size += 40 + len(a.Name) + len(a.Text) + len(a.Unit)
		for _, v := range a.Values {
			size += 3 + len(v)
		}
	}
	return size
}

// putChunk puts products of one shard with one command, or one by one if some
// of them are not what their names let expect.
func (b *bulk) putChunk(chunk []int) error {
	c := putProducts{Products: make([]PutProduct, len(chunk))}
	for i, n := range chunk {
		c.Products[i] = b.products[n]
	}
	slot := c.Products[0].Claim.Slot()
	all, err := command.Do[allStored](b.ctx, b.s.engine, &c, command.Call{Slot: slot, Prepare: func(stamp command.Stamp) error {
		for i := range c.Products {
			if err := b.s.checkReferences(b.ctx, c.Products[i]); err != nil {
				return fmt.Errorf("product %q: %w", c.Products[i].Handle, err)
			}
			own := command.Stamp{At: stamp.At, Slot: c.Products[i].Claim.Slot()}
			c.Products[i].NewID = ProductID(own.NewID("prd"))
		}
		return nil
	}})
	if startOver(err) {
		return b.putEach(chunk)
	}
	if err != nil {
		return err
	}
	for i, n := range chunk {
		b.done[n] = all.Products[i]
	}
	return nil
}

func (b *bulk) putEach(indexes []int) (err error) {
	for _, n := range indexes {
		if b.done[n], err = b.s.put(b.ctx, b.products[n], command.KeyOr(b.s.engine, b.products[n].Key)); err != nil {
			return fmt.Errorf("product %q: %w", b.products[n].Handle, err)
		}
	}
	return nil
}

// loadMany reads products with one snapshot for each shard.
func (s *Service) loadMany(ctx context.Context, done []stored) ([]Product, error) {
	byShard := make([][]int, s.engine.Shards())
	for i, d := range done {
		slot, err := d.ID.Slot()
		if err != nil {
			return nil, err
		}
		n := s.engine.ShardOf(slot)
		byShard[n] = append(byShard[n], i)
	}
	products := make([]Product, len(done))
	for n, indexes := range byShard {
		if len(indexes) == 0 {
			continue
		}
		err := s.engine.View(ctx, s.engine.SlotOn(n), func(tx *sqlite.Tx) error {
			for _, i := range indexes {
				r, found, err := readRecord(tx, done[i].ID)
				if err == nil && !found {
					err = fault.New(fault.Broken, "product %s was put and is not there", done[i].ID)
				}
				if err != nil {
					return err
				}
				products[i] = r.Product
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading the products that were put: %w", err)
		}
	}
	return products, nil
}
