package cart

import (
	"slices"
	"sync"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

const (
	// leastKept is how many lines a cart has from which on they are kept: smaller
	// ones are read in less time than a change of them takes in any case.
	leastKept = 24
	// mostKept bounds the lines that are kept of all carts, about a kilobyte each.
	mostKept = 20_000
)

// keeper holds what large carts were priced from, so that the next price reads and
// looks up only what has changed. It may forget any of it at any time.
type keeper struct {
	mu    sync.Mutex
	carts map[ID]*kept
	lines int // of all of them
}

// take returns what is kept of a cart, nil if nothing is. It is the caller's
// until put: others price the cart from scratch meanwhile.
func (k *keeper) take(cart ID) *kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.remove(cart)
}

func (k *keeper) remove(cart ID) *kept {
	out := k.carts[cart]
	if out != nil {
		delete(k.carts, cart)
		k.lines -= len(out.lines)
	}
	return out
}

// put keeps what a cart was priced from, in the place of any others if there is
// no room.
func (k *keeper) put(cart ID, now *kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if have := k.carts[cart]; have != nil && have.version > now.version {
		return
	}
	k.remove(cart)
	for other := range k.carts {
		if k.lines+len(now.lines) <= mostKept {
			break
		}
		k.remove(other)
	}
	if k.carts == nil {
		k.carts = map[ID]*kept{}
	}
	k.carts[cart] = now
	k.lines += len(now.lines)
}

// kept is what a cart was priced from: its lines, as its shard has them at a
// version, and what was found out about each. The slices are equally long.
type kept struct {
	version int64
	lines   []Line
	sights  []catalog.Sight
	looked  []looked
	by      circumstances
}

// looked is what was found out about a line. It holds while its sight, its row,
// the units of its SKU and the circumstances are the same.
type looked struct {
	holds   bool
	price   money.Amount
	prices  catalog.PriceTax
	input   pricing.Line
	problem Problem // none without a Code
}

// circumstances are what a line's price follows from beside the line, the catalog
// and whether the cart is frozen, which moves its version.
type circumstances struct {
	rules           *pricing.Rules
	lists           *catalog.PriceLists
	channel, market string
	groups          []string
}

func (c *circumstances) are(o *circumstances) bool {
	return c.rules == o.rules && c.lists == o.lists && c.channel == o.channel && c.market == o.market && slices.Equal(c.groups, o.groups)
}

// change is a command that has changed a cart: which version it made, and of
// which SKUs it may have changed lines.
type change struct {
	version int64
	skus    []catalog.SKU
}

// follow brings what is kept to the version that the shard has, if it is that, or
// the one before the change. It reports false if all has to be read.
func (k *kept) follow(tx *sqlite.Tx, stored *Stored, by *change) (bool, error) {
	switch {
	case k.version == stored.Version:
	case by != nil && k.version == by.version-1 && stored.Version == by.version && len(by.skus) < len(k.lines)/8:
		for i, sku := range by.skus {
			if slices.Contains(by.skus[:i], sku) {
				continue
			}
			if err := k.reread(tx, stored, sku); err != nil {
				return false, err
			}
		}
		k.version = stored.Version
	default:
		return false, nil
	}
	return k.agrees(stored), nil
}

// agrees compares with what the cart's row says of its lines.
func (k *kept) agrees(stored *Stored) bool {
	total, last := int64(0), int64(0)
	for i := range k.lines {
		if k.lines[i].ID <= last {
			return false // they are not in their order
		}
		last = k.lines[i].ID
		total += k.lines[i].Total.Minor()
	}
	return len(k.lines) == stored.lineCount && total == stored.Total.Minor()
}

// reread reads the lines of one SKU.
func (k *kept) reread(tx *sqlite.Tx, stored *Stored, sku catalog.SKU) error {
	rows := tx.Query(`SELECT `+lineColumns+` FROM cart_lines WHERE cart = ? AND sku = ?`, stored.ID, sku)
	now, err := readLines(rows, stored.Currency, nil)
	if err != nil {
		return err
	}
	n := 0
	for i := range k.lines {
		if k.lines[i].SKU == sku {
			if len(now) == 0 || now[0].ID != k.lines[i].ID {
				continue // it was removed
			}
			k.lines[i], k.looked[i] = now[0], looked{}
			now = now[1:]
		}
		if n != i {
			k.lines[n], k.sights[n], k.looked[n] = k.lines[i], k.sights[i], k.looked[i]
		}
		n++
	}
	k.lines, k.sights, k.looked = k.lines[:n], k.sights[:n], k.looked[:n]
	for _, l := range now { // those that are new have the highest numbers
		k.lines, k.sights, k.looked = append(k.lines, l), append(k.sights, catalog.Sight{SKU: l.SKU}), append(k.looked, looked{})
	}
	return nil
}

// newKept keeps lines that were read just now.
func newKept(version int64, lines []Line) *kept {
	k := unkept(lines)
	k.version, k.lines, k.looked = version, lines, make([]looked, len(lines))
	return k
}

// unkept is for lines that are looked up once.
func unkept(lines []Line) *kept {
	k := &kept{sights: make([]catalog.Sight, len(lines))}
	for i := range lines {
		k.sights[i].SKU = lines[i].SKU
	}
	return k
}

// copied returns the lines for somebody who may change them.
func (k *kept) copied() []Line {
	out := slices.Clone(k.lines)
	for i := range out {
		if out[i].Properties != nil {
			out[i].Properties = slices.Clone(out[i].Properties)
		}
	}
	return out
}

// under forgets what was found out under other circumstances.
func (k *kept) under(now circumstances) {
	if !k.by.are(&now) {
		clear(k.looked)
	}
	k.by = now
}

// reuse prices a line as before, if nothing that its price follows from has
// changed.
func (k *kept) reuse(p *Priced, line int) bool {
	if k.looked == nil || !k.looked[line].holds || k.sights[line].Renewed {
		return false
	}
	was := &k.looked[line]
	l := &p.Lines[line]
	l.UnitPrice, l.Prices = was.price, was.prices
	p.Input.Lines[line] = was.input
	p.ships[0] = true
	if was.problem.Code != "" {
		p.Problems = append(p.Problems, was.problem)
	}
	return true
}

// note keeps what was found out about a line, of plain goods that cost the same
// at any time: others have more behind them than their variant. problems is how
// many there were before.
func (k *kept) note(p *Priced, line, problems int) {
	if k.looked == nil {
		return
	}
	v, l := k.sights[line].Variant, &p.Lines[line]
	k.looked[line] = looked{}
	if v == nil || v.IsKit() || v.Reserve == catalog.TrackOnly || v.Digital != nil || len(v.Publications) > 0 {
		return
	}
	if len(p.more) > 0 || k.by.lists.Timed() || k.by.rules.AskProducts() {
		return
	}
	now := looked{holds: true, price: l.UnitPrice, prices: l.Prices, input: p.Input.Lines[line]}
	if len(p.Problems) > problems {
		now.problem = p.Problems[problems]
	}
	k.looked[line] = now
}
