package storefront

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// siteMaps keeps site maps, since each takes a look at many products. One is good
// as long as nothing has happened in the store, for an hour at most since offers
// begin and end, and for a minute while the shop sells. It is safe for concurrent
// use; one map is made at a time, and nobody waits for that who can have an old
// one.
type siteMaps struct {
	making chan struct{} // of one: who has sent to it makes a map

	mu   sync.Mutex
	kept map[string]keptMap // by their parts, "" is the whole or the index
}

func newSiteMaps() siteMaps {
	return siteMaps{making: make(chan struct{}, 1), kept: map[string]keptMap{}}
}

type keptMap struct {
	body []byte              // its addresses lack the root
	next []catalog.ProductID // of the index: what its parts come after, but for the first
	at   commerce.Position
	made time.Time
	took time.Duration
}

const (
	mapLag   = time.Minute // after something has happened
	mapShare = 20          // at most one part in so many of the time goes into a map
	mapLife  = time.Hour   // if nothing has
	mostMaps = 8           // parts, of 6 MB at most
)

func (k keptMap) good(now commerce.Position) bool {
	age := time.Since(k.made)
	return k.body != nil && (age < max(mapLag, mapShare*k.took) || k.at == now && age < mapLife)
}

// part returns the name of the part of an index in which the products behind one
// are, or which has that name. It is one that the index names, whatever is asked
// for: others may have been named by the index of yesterday, or of another node.
func (k keptMap) part(name string) string {
	i, there := slices.BinarySearch(k.next, catalog.ProductID(name))
	switch {
	case len(k.next) == 0:
		return ""
	case there:
		return name
	case name == firstPart || i == 0:
		return firstPart
	}
	return string(k.next[i-1])
}

var errMapBusy = fault.New(fault.Unavailable, "another site map is being made: try again in a moment")

// get returns a map that is still good, or one that make makes. While another one
// is made it returns the last one, or waits until the context ends if there is
// none; the error is errMapBusy then.
func (s *siteMaps) get(ctx context.Context, part string, now commerce.Position, make func() (keptMap, error)) (keptMap, error) {
	last := s.look(part)
	if last.good(now) {
		return last, nil
	}
	if last.body != nil && len(s.making) > 0 {
		return last, nil
	}
	select {
	case s.making <- struct{}{}:
	case <-ctx.Done():
		return keptMap{}, errMapBusy
	}
	defer func() { <-s.making }()
	if k := s.look(part); k.good(now) { // made meanwhile
		return k, nil
	}
	begun := time.Now()
	k, err := make()
	if err != nil {
		return keptMap{}, err
	}
	k.at, k.made, k.took = now, time.Now(), time.Since(begun)
	s.keep(part, k)
	return k, nil
}

func (s *siteMaps) look(part string) keptMap {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[part]
}

// keep keeps a map, instead of the oldest part if there are too many.
func (s *siteMaps) keep(part string, k keptMap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[part] = k
	if len(s.kept) <= mostMaps+1 {
		return
	}
	oldest := part
	for name, other := range s.kept {
		if name != "" && other.made.Before(s.kept[oldest].made) {
			oldest = name
		}
	}
	delete(s.kept, oldest)
}
