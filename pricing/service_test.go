package pricing_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/pricing"
)

// memory is a cache that forgets nothing but what it is told to.
type memory struct {
	mu     sync.Mutex
	values map[string]any
}

func (m *memory) Get(key string, load func() (any, error)) (any, error) {
	m.mu.Lock()
	v, ok := m.values[key]
	m.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := load()
	if err == nil {
		m.mu.Lock()
		m.values[key] = v
		m.mu.Unlock()
	}
	return v, err
}

func (m *memory) forget(keys []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		delete(m.values, k)
	}
}

// plant is a command of the tests that breaks what it is told to.
type plant struct {
	SQL string `cbor:"1,keyasint"`
}

func (plant) Kind() command.Kind { return "test.plant" }
func (plant) Validate() error    { return nil }

func (c plant) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(c.SQL)
	return struct{}{}, err
}

func newService(t *testing.T) (*pricing.Service, *commandtest.Engine) {
	return newServiceWith(t, pricing.Options{})
}

func newServiceWith(t *testing.T, o pricing.Options) (*pricing.Service, *commandtest.Engine) {
	t.Helper()
	e := commandtest.New(t, 2, claim.Module(), catalog.Module(), inventory.Module(), pricing.Module(),
		command.Module{Name: "test", Commands: []command.Definition{command.Define(plant.apply)}})
	copies := &memory{values: map[string]any{}}
	e.OnTouch = copies.forget
	return pricing.NewService(e, catalog.NewService(e, nil), copies, o), e
}

func TestRulesAreAVersionedSnapshot(t *testing.T) {
	s, e := newService(t)
	ctx := t.Context()
	r, err := s.Rules(ctx)
	if err != nil || r.Version != 0 || r.Settings.TaxIncluded || r.Ships() || len(r.TaxZones()) > 0 {
		t.Fatalf("a new store has the rules %+v, %v", r, err)
	}
	settings := pricing.Settings{TaxIncluded: true, Home: pricing.Address{Country: "DE"}}
	if r, err = s.PutSettings(ctx, pricing.PutSettings{Settings: settings, Version: 0}); err != nil || r.Version != 1 || !r.Settings.TaxIncluded {
		t.Fatalf("after settings: %+v, %v", r, err)
	}
	de := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "19%"), Period: period(t, "2007-01-01/")})
	if r, err = s.PutTaxZone(ctx, pricing.PutTaxZone{Zone: de, Version: 1}); err != nil || r.Version != 2 || len(r.TaxZones()) != 1 || r.TaxZones()[0].Rates[0] != de.Rates[0] {
		t.Fatalf("after a tax zone: %+v, %v", r, err)
	}
	if r, err = s.PutShippingZone(ctx, pricing.PutShippingZone{Zone: german()}); err != nil || r.Version != 3 || !r.Ships() || len(r.ShippingZones()[0].Methods) != 7 {
		t.Fatalf("after a shipping zone: %+v, %v", r, err)
	}
	_, err = s.PutTaxZone(ctx, pricing.PutTaxZone{Zone: de, Version: 2})
	if e, ok := errors.AsType[*pricing.VersionError](err); !ok || *e != (pricing.VersionError{Have: 3, Want: 2}) {
		t.Errorf("an old version: %v", err)
	}
	_, err = s.Remove(ctx, pricing.Remove{Rule: pricing.KindTaxZone, ID: "fr"})
	if e, ok := errors.AsType[*pricing.NotFoundError](err); !ok || e.ID != "fr" {
		t.Errorf("a missing rule: %v", err)
	}
	if r, err = s.Remove(ctx, pricing.Remove{Rule: pricing.KindTaxZone, ID: "de"}); err != nil || r.Version != 4 || len(r.TaxZones()) != 0 {
		t.Errorf("after a removal: %+v, %v", r, err)
	}
	if _, err = s.Remove(ctx, pricing.Remove{Rule: pricing.KindSettings}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("settings were removed: %v", err)
	}
	if _, err = s.PutTaxZone(ctx, pricing.PutTaxZone{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a zone of nothing: %v", err)
	}
	e.Restart()
	if r, err = s.Rules(ctx); err != nil || r.Version != 4 || r.Settings.Home.Country != "DE" {
		t.Errorf("after a restart: %+v, %v", r, err)
	}
}

func TestCheckFindsPlantedBugs(t *testing.T) {
	s, e := newService(t)
	de := zone("de", pricing.Area{Country: "DE"})
	if _, err := s.PutTaxZone(t.Context(), pricing.PutTaxZone{Zone: de}); err != nil {
		t.Fatal(err)
	}
	run := func(sql string) {
		t.Helper()
		if _, err := command.Do[struct{}](t.Context(), e, &plant{SQL: sql}, command.Call{Slot: id.StoreSlot}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ plant, undo, want string }{
		{`UPDATE price_rules SET version = version + 1`, `UPDATE price_rules SET version = version - 1`, "pricing.versions_grow"},
		{`UPDATE price_rules SET body = x'ff'`, `UPDATE price_rules SET body = x'a101626465'`, "pricing.rules_are_usable"}, // no CBOR
		{`UPDATE price_rules SET body = x'a101626465'`, `DELETE FROM price_rules`, "pricing.rules_are_usable"},             // a zone without areas
	} {
		run(test.plant)
		err := e.View(t.Context(), id.StoreSlot, func(tx *sqlite.Tx) error {
			found, err := pricing.Module().Check(tx)
			if len(found) != 1 || found[0].Rule != test.want {
				t.Errorf("%s: found %v, want %s", test.plant, found, test.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		run(test.undo)
	}
}
