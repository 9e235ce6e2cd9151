package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// hints are what was found to be left. They are for showing, never for
// promising.
type hints struct {
	mu       sync.Mutex
	sourcing int64 // the version of the Sourcing by which they were found
	left     map[leftTo]hint
}

// leftTo names what is left of a variant for a country.
type leftTo struct {
	variant catalog.VariantID
	country string // "" is any, and all of them where every place serves all
}

// hint is what was left of a variant at a moment.
type hint struct {
	Availability
	exact   bool // there are no more
	at      time.Time
	renewed bool // somebody is looking again

	key     string // names the pool's shelf in the cache; "" of several pools
	version uint64 // the cache's of key when it was found
}

const (
	// hintLife is how old a hint may be where goods have moved since or may have.
	// When it nears its end one caller looks again while the others go by it: a
	// crowd never asks all at once.
	hintLife = time.Second
	// mostHints bounds what is kept.
	mostHints = 20_000
)

// answers reports whether the hint says enough about a want.
func (h *hint) answers(w Need, now time.Time, cache Cache) bool {
	if !h.exact && h.Available < w.Each {
		return false
	}
	if h.key != "" {
		if version, known := cache.Version(h.key); known && version == h.version {
			return true
		}
	}
	age := now.Sub(h.at)
	return age >= 0 && (age <= hintLife*3/4 || h.renewed && age <= hintLife)
}

// look is one look at what is left.
type look struct {
	*Service
	at      time.Time
	rule    *Sourcing
	country string // see leftTo
	places  []Location
	out     []Availability // of what is wanted, in its order
}

// known notes the wants that hints answer, and returns the others.
func (l *look) known(wants []Need) (unknown []asked) {
	h := &l.hints
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left == nil || len(h.left) >= mostHints || h.sourcing != l.rule.Version {
		h.left, h.sourcing = map[leftTo]hint{}, l.rule.Version
	}
	for i, w := range wants {
		to := leftTo{w.Variant, l.country}
		known, found := h.left[to]
		if found && known.answers(w, l.at, l.cache) {
			l.out[i] = known.Availability
			continue
		}
		if found {
			known.renewed = true
			h.left[to] = known
		}
		unknown = append(unknown, l.ask(i, w))
	}
	return unknown
}

// asked is a want of which it is not known what is left.
type asked struct {
	Need
	at      int    // its position in what is wanted
	pool    PoolID // "" if there are several
	key     string
	version uint64
}

// ask notes the cache's version before anything is read: what changes between
// the two makes a hint that lives for a second.
func (l *look) ask(at int, w Need) asked {
	a := asked{Need: w, at: at}
	if len(l.places) != 1 {
		return a
	}
	a.pool = PoolOf(w.Variant, l.places[0])
	if l.engine.Several() {
		return a // the cache follows other nodes a moment later
	}
	key := shelfKey(a.pool)
	if version, known := l.cache.Version(key); known {
		a.key, a.version = key, version
	}
	return a
}

func (l *look) note(w asked, a Availability, exact bool) {
	a.SKU = w.SKU
	l.out[w.at] = a
	l.hints.mu.Lock()
	defer l.hints.mu.Unlock()
	if l.hints.sourcing != l.rule.Version {
		return // what is kept was found by another Sourcing since
	}
	l.hints.left[leftTo{w.Variant, l.country}] = hint{Availability: a, exact: exact, at: l.at, key: w.key, version: w.version}
}

// Left is LeftOf, by variant.
func (s *Service) Left(ctx context.Context, home id.Slot, country string, wants []Need) (map[catalog.VariantID]Availability, error) {
	left, err := s.LeftOf(ctx, home, country, wants)
	if err != nil {
		return nil, err
	}
	out := make(map[catalog.VariantID]Availability, len(wants))
	for i, w := range wants {
		out[w.Variant] = left[i]
	}
	return out, nil
}

// LeftOf returns how many are left of variants for a country ("" if it is not
// known), at the places that orders to it are sourced from. What it says may be a second old
// where goods have just moved. Each of wants says how many are wanted: where
// there are so many, Available may be less than what there is, so that it is
// cheap to find out. In a store with one place nobody is asked where the shard of
// home has enough, and nobody but the authority where that has. What it returns
// is in the order of wants, in which no variant is twice.
func (s *Service) LeftOf(ctx context.Context, home id.Slot, country string, wants []Need) ([]Availability, error) {
	rule, err := s.Sourcing(ctx)
	if err != nil {
		return nil, err
	}
	l := look{Service: s, at: s.engine.Now(), rule: rule, places: rule.serving(country), out: make([]Availability, len(wants))}
	if len(l.places) < len(rule.serving("")) {
		l.country = country
	}
	unknown := l.known(wants)
	if len(l.places) == 1 {
		if unknown, err = l.atHome(ctx, home, unknown); err != nil {
			return nil, err
		}
		if unknown, err = l.unallocated(ctx, unknown); err != nil {
			return nil, err
		}
	}
	return l.out, l.anywhere(ctx, unknown)
}

// atHome notes of what a shard has enough itself, and returns the other wants.
func (l *look) atHome(ctx context.Context, home id.Slot, wants []asked) (others []asked, err error) {
	if len(wants) == 0 {
		return nil, nil
	}
	err = l.engine.View(ctx, home, func(tx *sqlite.Tx) error {
		for _, w := range wants {
			have, _, err := tx.Int64(`SELECT available FROM allowances WHERE pool = ?`, w.pool)
			if err != nil {
				return err
			}
			if have < w.Each {
				others = append(others, w)
			} else {
				l.note(w, Availability{Available: have}, false)
			}
		}
		return nil
	})
	return others, err
}

// unallocated notes of what the authorities alone have enough, and returns the
// other wants.
func (l *look) unallocated(ctx context.Context, wants []asked) (others []asked, err error) {
	if len(wants) == 0 {
		return nil, nil
	}
	pools := make([]PoolID, len(wants))
	for i, w := range wants {
		pools[i] = w.pool
	}
	views, err := l.newViews(pools)
	if err != nil {
		return nil, err
	}
	if err := l.readAuthority(ctx, views); err != nil {
		return nil, err
	}
	for i, v := range views {
		if have := v.stock.Unallocated - v.stock.reserve(); have < wants[i].Each {
			others = append(others, wants[i])
		} else {
			l.note(wants[i], Availability{Available: have}, false)
		}
	}
	return others, nil
}

// anywhere asks everybody.
func (l *look) anywhere(ctx context.Context, unknown []asked) error {
	if len(unknown) == 0 {
		return nil
	}
	wants := make([]Want, len(unknown))
	for i, w := range unknown {
		w.Need.Each = 1
		wants[i].Needs = []Need{w.Need}
	}
	shelves, err := l.readShelves(ctx, poolsAt(wants, l.places))
	if err != nil {
		return err
	}
	there, all := sourcesOf(l.rule, l.places, shelves)
	for i, w := range unknown {
		var a Availability
		a.bound(wants[i].Needs, &there, &all)
		a.expect(wants[i].Needs, shelves)
		l.note(w, a, true)
	}
	return nil
}
