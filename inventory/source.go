package inventory

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Want is what a line wants: units, each of which takes its needs.
type Want struct {
	Needs    []Need
	Quantity int64
}

// sources answers what there is, what can be promised and where it is taken
// from: all three go by fill.
type sources struct {
	places []Location
	split  bool
	left   map[PoolID]int64
}

// take fills a want from one place, all of it or nothing.
func (s *sources) take(at Location, w Want) ([]Part, bool) {
	var out []Part
	for _, n := range w.Needs {
		pool, units := PoolOf(n.Variant, at), n.Each*w.Quantity
		if !n.Free && s.left[pool] < units {
			s.giveBack(out)
			return nil, false
		}
		s.left[pool] -= units
		out = append(out, Part{Pool: pool, SKU: n.SKU, Each: n.Each, Quantity: units, Free: n.Free})
	}
	return out, true
}

func (s *sources) giveBack(parts []Part) {
	for _, p := range parts {
		s.left[p.Pool] += p.Quantity
	}
}

// gather fills a want from several places, those that come first as far as
// they have it. It returns what cannot be had.
func (s *sources) gather(w Want) (out []Part, lacks []Short) {
	for _, n := range w.Needs {
		units, from := n.Each*w.Quantity, int64(0)
		for _, at := range s.places {
			pool := PoolOf(n.Variant, at)
			some := min(units-from, max(s.left[pool], 0))
			if n.Free {
				some = units
			}
			if some == 0 {
				continue
			}
			s.left[pool] -= some
			out = append(out, Part{Pool: pool, SKU: n.SKU, Each: n.Each, From: from, Quantity: some, Free: n.Free})
			if from += some; from == units {
				break
			}
		}
		if from < units {
			lacks = append(lacks, Short{SKU: n.SKU, Want: units, Have: from})
		}
	}
	return out, lacks
}

// fill chooses where lines come from: the first place that can send all of
// them; or for each line the first that can send it; or, where lines may be
// split, all places in their order. It returns what cannot be had.
func (s *sources) fill(wants []Want) (out [][]Part, lacks []Short) {
	for _, at := range s.places {
		if out := s.fillAt(at, wants); out != nil {
			return out, nil
		}
	}
	for _, w := range wants {
		parts, missing := s.fillLine(w)
		out, lacks = append(out, parts), append(lacks, missing...)
	}
	return out, lacks
}

// fillAt fills all lines from one place, or none.
func (s *sources) fillAt(at Location, wants []Want) [][]Part {
	out := make([][]Part, len(wants))
	for i, w := range wants {
		parts, ok := s.take(at, w)
		if !ok {
			for _, taken := range out[:i] {
				s.giveBack(taken)
			}
			return nil
		}
		out[i] = parts
	}
	return out
}

func (s *sources) fillLine(w Want) ([]Part, []Short) {
	for _, at := range s.places {
		if parts, ok := s.take(at, w); ok {
			return parts, nil
		}
	}
	if s.split {
		return s.gather(w)
	}
	return nil, s.lacking(w)
}

// lacking returns what of a want the best single place does not have.
func (s *sources) lacking(w Want) (out []Short) {
	for _, n := range w.Needs {
		best := int64(0)
		for _, at := range s.places {
			best = max(best, s.left[PoolOf(n.Variant, at)])
		}
		if units := n.Each * w.Quantity; !n.Free && best < units {
			out = append(out, Short{SKU: n.SKU, Want: units, Have: best})
		}
	}
	if len(out) == 0 { // each is somewhere, and nowhere all
		n := w.Needs[0]
		out = append(out, Short{SKU: n.SKU, Want: n.Each * w.Quantity})
	}
	return out
}

// most returns how many units of one want can be filled.
func (s *sources) most(needs []Need) int64 {
	best := int64(-1)
	for _, at := range s.places {
		if n := s.mostOf(needs, []Location{at}); n > best {
			best = n
		}
	}
	if s.split {
		best = s.mostOf(needs, s.places)
	}
	return max(best, 0)
}

func (s *sources) mostOf(needs []Need, places []Location) int64 {
	best := int64(-1)
	for _, n := range needs {
		sum := int64(0)
		for _, at := range places {
			sum += max(s.left[PoolOf(n.Variant, at)], 0)
		}
		if can := sum / n.Each; best < 0 || can < best {
			best = can
		}
	}
	return best
}

// Source chooses the pools that lines are to take their goods from, for an
// order to a country ("" if it is not known). What the reservation own holds
// counts as free. It returns an *OutOfStockError if there is no way.
func (s *Service) Source(ctx context.Context, home id.Slot, own, country string, wants []Want) ([][]Part, error) {
	out, err := s.SourceEach(ctx, home, own, []Consignment{{country, wants}})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Consignment is what goes to one country ("" if it is not known).
type Consignment struct {
	Country string
	Wants   []Want
}

// SourceEach is Source for an order that goes to several places: what one
// consignment takes is not there for those after it.
func (s *Service) SourceEach(ctx context.Context, home id.Slot, own string, each []Consignment) ([][][]Part, error) {
	rule, err := s.Sourcing(ctx)
	if err != nil {
		return nil, err
	}
	if rule.OnlyMain() {
		// Nothing to choose: whoever takes the goods finds out what there is.
		return takeMain(each), nil
	}
	views, err := s.viewsFor(ctx, rule, each)
	if err != nil {
		return nil, err
	}
	mine, err := s.heldBy(ctx, home, own)
	if err != nil {
		return nil, err
	}
	// What is there is taken before what is only promised.
	there, all := sources{split: rule.Split, left: mine}, sources{split: rule.Split, left: map[PoolID]int64{}}
	for _, v := range views {
		all.left[v.pool] = there.left[v.pool] + v.sellable()
		there.left[v.pool] += v.available()
	}
	out, lacks := there.fillEach(rule, each)
	if len(lacks) > 0 {
		out, lacks = all.fillEach(rule, each)
	}
	if len(lacks) > 0 {
		return nil, &OutOfStockError{SKU: lacks[0].SKU, Want: lacks[0].Want, Have: lacks[0].Have, Lines: lacks}
	}
	return out, nil
}

// takeMain takes everything from the only place there is.
func takeMain(each []Consignment) [][][]Part {
	all := sources{places: []Location{Main}, left: map[PoolID]int64{}}
	out := make([][][]Part, len(each))
	for i, c := range each {
		out[i] = make([][]Part, len(c.Wants))
		for j, w := range c.Wants {
			for _, n := range w.Needs {
				all.left[PoolOf(n.Variant, Main)] = maxStock
			}
			out[i][j], _ = all.take(Main, w)
		}
	}
	return out
}

// fillEach fills one consignment after the other, each from the places that
// serve its country.
func (s *sources) fillEach(rule *Sourcing, each []Consignment) (out [][][]Part, lacks []Short) {
	for _, c := range each {
		s.places = rule.serving(c.Country)
		parts, missing := s.fill(c.Wants)
		out, lacks = append(out, parts), append(lacks, missing...)
	}
	return out, lacks
}

// viewsFor reads what consignments may take from.
func (s *Service) viewsFor(ctx context.Context, rule *Sourcing, each []Consignment) ([]*view, error) {
	var places []Location
	var wants []Want
	for _, c := range each {
		wants = append(wants, c.Wants...)
		for _, at := range rule.serving(c.Country) {
			if !slices.Contains(places, at) {
				places = append(places, at)
			}
		}
	}
	return s.viewsAt(ctx, wants, places)
}

// viewsAt reads the pools of wants at places, each once.
func (s *Service) viewsAt(ctx context.Context, wants []Want, places []Location) ([]*view, error) {
	pools := poolsAt(wants, places)
	if len(pools) == 0 {
		return nil, nil
	}
	return s.readAll(ctx, pools)
}

// poolsAt returns the pools of wants at places, each once.
func poolsAt(wants []Want, places []Location) []PoolID {
	var pools []PoolID
	known := make(map[PoolID]bool, len(wants)*len(places))
	for _, w := range wants {
		for _, n := range w.Needs {
			for _, at := range places {
				if p := PoolOf(n.Variant, at); !known[p] {
					known[p] = true
					pools = append(pools, p)
				}
			}
		}
	}
	return pools
}

// heldBy returns what a reservation has set aside and not committed.
func (s *Service) heldBy(ctx context.Context, home id.Slot, reservation string) (map[PoolID]int64, error) {
	out := map[PoolID]int64{}
	if reservation == "" {
		return out, nil
	}
	err := s.engine.View(ctx, home, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT l.pool, l.quantity FROM holds h JOIN reservation_lines l ON l.reservation = h.reservation WHERE h.reservation = ?`, reservation)
		for rows.Next() {
			out[PoolID(rows.Text(0))] = rows.Int64(1)
		}
		return rows.Close()
	})
	return out, err
}
