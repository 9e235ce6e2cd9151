package inventory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Place is a location that a store sells from.
type Place struct {
	ID   Location `cbor:"1,keyasint"`
	Name string   `cbor:"2,keyasint,omitempty"` // for people
	// Priority says in which order places are asked, the lowest first.
	Priority int64 `cbor:"3,keyasint,omitempty"`
	// Countries are those that it serves, as ISO 3166 codes; none is all.
	Countries []string `cbor:"4,keyasint,omitempty"`
	// Closed places sell nothing. Their goods stay where they are.
	Closed bool `cbor:"5,keyasint,omitempty"`
}

func (p Place) serves(country string) bool {
	return !p.Closed && (len(p.Countries) == 0 || country == "" || slices.Contains(p.Countries, country))
}

// Sourcing says where the goods of orders come from. A store that never set it
// sells from Main.
type Sourcing struct {
	Places []Place `cbor:"1,keyasint"` // in the order in which they are asked
	// Split lets the goods of one line come from several places. Lines may in
	// any case; who can send everything is preferred.
	Split bool `cbor:"2,keyasint,omitempty"`
	// Version counts the changes, from 1 for a store that never set it.
	Version int64 `cbor:"3,keyasint,omitempty"`
}

// OnlyMain reports whether all goods come from Main, so that there is nothing
// to choose.
func (s *Sourcing) OnlyMain() bool {
	return len(s.Places) == 1 && s.Places[0].ID == Main && s.Places[0].serves("") && len(s.Places[0].Countries) == 0
}

// serving returns the places for a country; "" is any.
func (s *Sourcing) serving(country string) []Location {
	var out []Location
	for _, p := range s.Places {
		if p.serves(country) {
			out = append(out, p.ID)
		}
	}
	return out
}

// SetSourcing replaces the store's places and how goods are taken from them.
type SetSourcing struct {
	Places  []Place `cbor:"1,keyasint"`
	Split   bool    `cbor:"2,keyasint,omitempty"`
	Version int64   `cbor:"3,keyasint,omitempty"` // of the Sourcing that the caller has read; 0 for any
	Key     string  `cbor:"-"`
}

const mostPlaces = 200

// Kind returns "inventory.set_sourcing".
func (SetSourcing) Kind() command.Kind { return "inventory.set_sourcing" }

// Validate refuses places that no goods could come from.
func (c SetSourcing) Validate() error {
	if len(c.Places) == 0 || len(c.Places) > mostPlaces || !slices.ContainsFunc(c.Places, func(p Place) bool { return !p.Closed }) {
		return fault.Wrong("places", "a store sells from 1 to %d places, one of them open: these are %d", mostPlaces, len(c.Places))
	}
	for i, p := range c.Places {
		if err := p.ID.named(fault.Item("places", i) + ".id"); err != nil {
			return err
		}
		if p.ID == "" || len(p.Name) > maxReason {
			return fault.Wrong(fault.Item("places", i), "place %d needs an ID, and a name of at most %d bytes", i+1, maxReason)
		}
		if slices.ContainsFunc(c.Places[:i], func(q Place) bool { return q.ID == p.ID }) {
			return fault.Wrong(fault.Item("places", i)+".id", "the place %q is named twice", p.ID)
		}
		for _, country := range p.Countries {
			if len(country) != 2 || strings.ToUpper(country) != country {
				return fault.Wrong(fault.Item("places", i)+".countries", "%q is not the code of a country that the place %q could serve", country, p.ID)
			}
		}
	}
	return nil
}

func (c SetSourcing) apply(tx *command.Tx) (Sourcing, error) {
	have, err := sourcingTx(tx.Tx)
	if err != nil {
		return Sourcing{}, err
	}
	if c.Version != 0 && c.Version != have.Version {
		return Sourcing{}, &SourcingVersionError{Have: have.Version, Want: c.Version}
	}
	next := Sourcing{Places: inOrder(c.Places), Split: c.Split, Version: have.Version + 1}
	body, err := command.Marshal(next)
	if err != nil {
		return Sourcing{}, err
	}
	tx.Touch(sourcingKey)
	_, err = tx.Exec(`INSERT INTO sourcing (one, version, body) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET version = excluded.version, body = excluded.body`,
		next.Version, body)
	return next, err
}

// inOrder returns places in the order in which they are asked.
func inOrder(places []Place) []Place {
	places = slices.Clone(places)
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(string(a.ID), string(b.ID)))
	})
	return places
}

// sourcingKey names the Sourcing in the cache.
const sourcingKey = "inventory:sourcing"

func sourcingTx(tx *sqlite.Tx) (Sourcing, error) {
	rows := tx.One(`SELECT body FROM sourcing`)
	var body []byte
	if rows.Next() {
		body = rows.Blob(0)
	}
	s := Sourcing{Places: []Place{{ID: Main}}, Version: 1}
	if err := rows.Close(); err != nil || body == nil {
		return s, err
	}
	s = Sourcing{}
	if err := command.Unmarshal(body, &s); err != nil {
		return s, fault.Wrap(fault.Broken, err, "reading the places that the store sells from")
	}
	return s, nil
}

// SetSourcing runs the command and returns the sourcing as it is then. The order
// of Places does not matter. It returns a *SourcingVersionError if the sourcing
// has changed since it was read.
func (s *Service) SetSourcing(ctx context.Context, c SetSourcing) (Sourcing, error) {
	c.Places = inOrder(c.Places)
	return command.Do[Sourcing](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot})
}

// Sourcing returns where goods come from. It is shared: do not change it.
func (s *Service) Sourcing(ctx context.Context) (*Sourcing, error) {
	if err := s.engine.Recent(ctx, id.StoreSlot); err != nil {
		return nil, err
	}
	v, err := s.cache.Get(sourcingKey, func() (any, error) {
		var out Sourcing
		err := s.engine.View(context.WithoutCancel(ctx), id.StoreSlot, func(tx *sqlite.Tx) (err error) { // others may wait for this
			out, err = sourcingTx(tx)
			return err
		})
		return &out, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*Sourcing), nil
}
