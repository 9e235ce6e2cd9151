package inventory_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// legs records the legs between shards that a shop sends.
func (s *shop) legs() (sent func() []command.Envelope) {
	var mu sync.Mutex
	var all []command.Envelope
	s.engine.Drop = func(e command.Envelope) bool {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(string(e.Kind), "inventory.") {
			all = append(all, e)
		}
		return false
	}
	return func() []command.Envelope {
		s.engine.Drop = nil
		return all
	}
}

func TestLegsMayBeRepeatedInAnyOrder(t *testing.T) {
	s := newShop(t, 4)
	s.receive("mug", 40)
	s.receive("cup", 3)
	sent := s.legs()
	for i := range 4 {
		s.must(s.hold(i, name("o%d", i), s.of("mug", 7)...))
		s.must(s.do(i, "commit", name("o%d", i)))
		s.must(s.hold(i, name("p%d", i), s.of("cup", 3)...))
		s.must(s.do(i, "release", name("p%d", i)))
		s.must(s.do(i, "ship", name("o%d", i), s.of("mug", 5)...))
		s.must(s.step(i, step{Do: "return", Reservation: name("o%d", i), Demands: s.of("mug", 1), Restock: true}))
	}
	s.settle("mug", "cup")
	kinds := map[command.Kind]int{}
	want := s.digests()
	legs := sent()
	for range 2 {
		for i := range legs { // the newest first
			e := legs[len(legs)-1-i]
			kinds[e.Kind]++
			if _, err := s.engine.Submit(t.Context(), e); err != nil {
				t.Fatalf("%s again: %v", e.Kind, err)
			}
		}
	}
	if len(kinds) != 5 {
		t.Errorf("only these legs were sent: %v", kinds)
	}
	for table, digest := range s.digests() {
		if digest != want[table] && !strings.HasSuffix(table, " meta") {
			t.Errorf("table %s changed when legs were repeated", table)
		}
	}
}

// digests returns the hashes of all tables, by shard and name.
func (s *shop) digests() map[string][32]byte {
	s.t.Helper()
	out := map[string][32]byte{}
	for i := range s.engine.Shards() {
		s.must(s.engine.View(context.Background(), s.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			tables, err := shard.TableDigests(tx)
			for table, digest := range tables {
				out[name("%d %s", i, table)] = digest
			}
			return err
		}))
	}
	return out
}
