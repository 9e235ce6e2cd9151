package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// A product that changes is noted on its shard as uncollected, and a timer
// holds it against the rules of all collections. Rules live on the store's
// slot and have one version for all of them; when they change, another timer
// tells every shard, which then notes all its products. A shard of a store
// without rules notes nothing. Each version and each round of a shard has a
// timer of its own, so that none waits for the failures of an earlier one.

// TimerRules names the timers that tell the shards of changed rules;
// TimerCollect those of shards with uncollected products.
const (
	TimerRules   = "catalog.rules"
	TimerCollect = "catalog.collect"
)

// rulesChanged counts a change of the rules, or of what they go by, on the
// store's slot.
func rulesChanged(tx *command.Tx) error {
	_, err := tx.Exec(`INSERT INTO collection_rules (one, slot, version, told) VALUES (1, ?, 1, 0)
		ON CONFLICT (one) DO UPDATE SET version = version + 1`, tx.Slot)
	if err != nil {
		return err
	}
	tx.Touch(collectionsKey)
	version, _, err := tx.Int64(`SELECT version FROM collection_rules WHERE one = 1`)
	if err != nil {
		return err
	}
	if err := tx.ClearTimers(TimerRules, rulesSubject(version-1)); err != nil {
		return err
	}
	return tx.SetTimer(tx.Clock, TimerRules, rulesSubject(version))
}

func rulesSubject(version int64) string { return strconv.FormatInt(version, 10) }

// treeMoved counts a change of the category tree that rules may go by.
func treeMoved(tx *command.Tx) error {
	_, found, err := tx.Int64(`SELECT 1 FROM collections WHERE instr(rules, '"category"') > 0 LIMIT 1`)
	if err != nil || !found {
		return err
	}
	return rulesChanged(tx)
}

// RulesTimer is the handler of TimerRules.
func (s *Service) RulesTimer(ctx context.Context, _ string) error {
	all, err := s.Collections(ctx)
	if err != nil {
		return err
	}
	cmd := setRules{Version: all.version, Any: slices.ContainsFunc(all.list, func(c Collection) bool { return len(c.Rules) > 0 })}
	for shard := range s.engine.Shards() {
		if _, err := command.Do[struct{}](ctx, s.engine, &cmd, command.Call{Slot: s.engine.SlotOn(shard)}); err != nil {
			return fmt.Errorf("telling shard %d of new rules of collections: %w", shard, err)
		}
	}
	_, err = command.Do[struct{}](ctx, s.engine, &toldRules{Version: all.version}, command.Call{Slot: id.StoreSlot})
	return err
}

// setRules tells a shard of a version of the rules.
type setRules struct {
	Version int64 `cbor:"1,keyasint"`
	Any     bool  `cbor:"2,keyasint,omitempty"` // there are any
}

// Kind returns "catalog.set_rules".
func (setRules) Kind() command.Kind { return "catalog.set_rules" }

// Validate returns nil.
func (setRules) Validate() error { return nil }

func (c setRules) apply(tx *command.Tx) (struct{}, error) {
	have, _, err := tx.Int64(`SELECT version FROM collecting WHERE one = 1`)
	if err != nil || have >= c.Version {
		return struct{}{}, err
	}
	_, err = tx.Exec(`INSERT INTO collecting (one, version, rules, round) VALUES (1, ?, ?, 0)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version, rules = excluded.rules`, c.Version, c.Any)
	if err != nil {
		return struct{}{}, err
	}
	// Without rules there may still be products that some had found.
	query := `INSERT OR IGNORE INTO uncollected (product, slot, changed) SELECT id, slot, 0 FROM products`
	if !c.Any {
		query = `INSERT OR IGNORE INTO uncollected (product, slot, changed) SELECT DISTINCT product, slot, 0 FROM collected`
	}
	if err := startCollecting(tx); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(query); err != nil {
		return struct{}{}, err
	}
	_, err = stopCollecting(tx)
	return struct{}{}, err
}

// toldRules notes that all shards know a version of the rules.
type toldRules struct {
	Version int64 `cbor:"1,keyasint"`
}

// Kind returns "catalog.told_rules".
func (toldRules) Kind() command.Kind { return "catalog.told_rules" }

// Validate returns nil.
func (toldRules) Validate() error { return nil }

func (c toldRules) apply(tx *command.Tx) (struct{}, error) {
	n, err := tx.Exec(`UPDATE collection_rules SET told = ? WHERE one = 1 AND version = ?`, c.Version, c.Version)
	if err != nil || n == 0 {
		return struct{}{}, err // changed again: the timer stays
	}
	return struct{}{}, tx.ClearTimers(TimerRules, rulesSubject(c.Version))
}

// uncollect notes that a product has to be held against the rules.
func uncollect(tx *command.Tx, product ProductID) error {
	rules, _, err := tx.Int64(`SELECT rules FROM collecting WHERE one = 1`)
	if err != nil || rules == 0 {
		return err
	}
	if err := startCollecting(tx); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO uncollected (product, slot, changed) VALUES (?, ?, 1)
		ON CONFLICT (product) DO UPDATE SET changed = 1`, product, tx.Slot)
	return err
}

// startCollecting sets the shard's timer before the first product is noted.
func startCollecting(tx *command.Tx) error {
	_, running, err := tx.Int64(`SELECT 1 FROM uncollected LIMIT 1`)
	if err != nil || running {
		return err
	}
	if _, err := tx.Exec(`UPDATE collecting SET round = round + 1 WHERE one = 1`); err != nil {
		return err
	}
	subject, err := roundSubject(tx)
	if err != nil {
		return err
	}
	return tx.SetTimer(tx.Clock, TimerCollect, subject)
}

// stopCollecting clears the shard's timer when no product is left, and reports
// whether some are.
func stopCollecting(tx *command.Tx) (left bool, err error) {
	if _, left, err = tx.Int64(`SELECT 1 FROM uncollected LIMIT 1`); err != nil || left {
		return left, err
	}
	subject, err := roundSubject(tx)
	if err != nil {
		return false, err
	}
	return false, tx.ClearTimers(TimerCollect, subject)
}

// roundSubject names the shard's present round, as in 3:17.
func roundSubject(tx *command.Tx) (string, error) {
	round, _, err := tx.Int64(`SELECT round FROM collecting WHERE one = 1`)
	return fmt.Sprintf("%d:%d", tx.Shard, round), err
}

// mostCollected bounds the products, and the memberships, of one command.
const (
	mostCollected   = 200
	mostMemberships = 4000
)

// CollectTimer is the handler of TimerCollect. It goes on until no product
// waits, and gives up for the moment when a whole pass got nowhere.
func (s *Service) CollectTimer(ctx context.Context, subject string) error {
	shard, _, _ := strings.Cut(subject, ":")
	n, err := strconv.Atoi(shard)
	if err != nil || n < 0 || n >= s.engine.Shards() {
		return fault.New(fault.Broken, "there is no shard %q", shard)
	}
	stored, after := int64(0), ProductID("")
	for {
		c, next, err := s.matched(ctx, n, after)
		if err != nil {
			return err
		}
		done, err := command.Do[collectedSoFar](ctx, s.engine, &c, command.Call{Slot: s.engine.SlotOn(n)})
		if err != nil {
			return fmt.Errorf("collecting products of shard %d: %w", n, err)
		}
		stored += done.Stored
		switch {
		case !done.Left:
			return nil
		case next != after:
			after = next
		case stored == 0 && (after != "" || len(c.Products) > 0):
			return fault.New(fault.Unavailable, "the products of shard %d or the rules change all the time", n)
		default:
			stored, after = 0, ""
		}
	}
}

// collectedSoFar is the answer to collect.
type collectedSoFar struct {
	Stored int64 `cbor:"1,keyasint,omitempty"` // products that are where they belong now
	Left   bool  `cbor:"2,keyasint,omitempty"` // some of the shard wait
}

// matched holds uncollected products against the rules: those that have
// changed, and of the others some behind after. It returns the last of these.
func (s *Service) matched(ctx context.Context, shard int, after ProductID) (c collect, last ProductID, err error) {
	all, err := s.Collections(ctx)
	if err != nil {
		return c, after, err
	}
	tree, err := s.Categories(ctx)
	if err != nil {
		return c, after, err
	}
	last = after
	c.Version = all.version
	err = s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		ids, changed, err := readUncollected(tx, after)
		memberships := 0
		for i, id := range ids {
			r, _, err := readRecord(tx, id)
			if err != nil {
				return err
			}
			in := all.index.match(&r.Product, tree)
			if memberships += len(in); memberships > mostMemberships && len(c.Products) > 0 {
				break
			}
			c.Products = append(c.Products, collected{Product: id, Version: r.Version, In: in})
			if i >= changed {
				last = id
			}
		}
		return err
	})
	return c, last, err
}

// readUncollected returns the products that have changed, and how many those
// are, and behind them others.
func readUncollected(tx *sqlite.Tx, after ProductID) (ids []ProductID, changed int, err error) {
	for _, query := range []string{
		`SELECT product FROM uncollected WHERE changed = 1 AND product > '' ORDER BY product LIMIT ?2`,
		`SELECT product FROM uncollected WHERE changed = 0 AND product > ?1 ORDER BY product LIMIT ?2`,
	} {
		changed = len(ids)
		rows := tx.Query(query, after, mostCollected-len(ids))
		for rows.Next() {
			ids = append(ids, ProductID(rows.Text(0)))
		}
		if err := rows.Close(); err != nil {
			return nil, 0, err
		}
	}
	return ids, changed, nil
}

// collect puts products of one shard into the collections whose rules find
// them.
type collect struct {
	Version  int64       `cbor:"1,keyasint"` // of the rules
	Products []collected `cbor:"2,keyasint"`
}

type collected struct {
	Product ProductID      `cbor:"1,keyasint"`
	Version int64          `cbor:"2,keyasint"`           // of the product
	In      []CollectionID `cbor:"3,keyasint,omitempty"` // sorted
}

// Kind returns "catalog.collect".
func (collect) Kind() command.Kind { return "catalog.collect" }

// Validate returns nil.
func (collect) Validate() error { return nil }

// apply clears the shard's timer when no product is left.
func (c collect) apply(tx *command.Tx) (out collectedSoFar, err error) {
	rules, _, err := tx.Int64(`SELECT version FROM collecting WHERE one = 1`)
	if err != nil {
		return out, err
	}
	for _, p := range c.Products {
		version, found, err := tx.Int64(`SELECT p.version FROM products p JOIN uncollected u ON u.product = p.id WHERE p.id = ?`, p.Product)
		if err != nil {
			return out, err
		}
		if !found || version != p.Version || c.Version < rules {
			continue // done; or changed since, or matched by old rules: once more
		}
		if err := p.store(tx); err != nil {
			return out, err
		}
		out.Stored++
	}
	out.Left, err = stopCollecting(tx)
	return out, err
}

// productCollected is the data of the event product.collected.
type productCollected struct {
	Product ProductID      `json:"product"`
	In      []CollectionID `json:"collections"`
}

func (p collected) store(tx *command.Tx) error {
	if _, err := tx.Exec(`DELETE FROM uncollected WHERE product = ?`, p.Product); err != nil {
		return err
	}
	have, err := readCollected(tx.Tx, p.Product)
	if err != nil || slices.Equal(have, p.In) {
		return err
	}
	slot, err := p.Product.Slot()
	if err != nil {
		return fault.Wrap(fault.Broken, err, "collecting products")
	}
	own := *tx // the product's rows and events belong to its slot
	own.Slot = slot
	if _, err := own.Exec(`DELETE FROM collected WHERE product = ?`, p.Product); err != nil {
		return err
	}
	for _, c := range p.In {
		if _, err := own.Exec(`INSERT INTO collected (collection, product, slot) VALUES (?, ?, ?)`, c, p.Product, own.Slot); err != nil {
			return err
		}
	}
	return own.Emit("product.collected", string(p.Product), productCollected{Product: p.Product, In: append([]CollectionID{}, p.In...)})
}
