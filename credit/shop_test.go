package credit_test

import (
	"context"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// shop is all that balances need of a store.
type shop struct {
	testing.TB
	engine *commandtest.Engine
	credit *credit.Service
	ledger *payments.Service
}

func newShop(t testing.TB) *shop {
	e := commandtest.New(t, 2, claim.Module(), subject.Module(), accounts.Module(), catalog.Module(), inventory.Module(),
		pricing.Module(), cart.Module(), orders.Module(), payments.Module(), credit.Module(),
		command.Module{Name: "test", Commands: []command.Definition{command.DefineRepeatable(damage.apply)}})
	return &shop{TB: t, engine: e, credit: credit.NewService(e), ledger: payments.NewService(e, nil, nil, nil)}
}

// damage runs one statement, to plant what a check should find.
type damage struct {
	SQL string `cbor:"1,keyasint"`
}

func (damage) Kind() command.Kind { return "test.damage" }
func (damage) Validate() error    { return nil }

func (c damage) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(c.SQL)
	return struct{}{}, err
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shop) ctx() context.Context { return context.Background() }

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

func (s *shop) card(minor int64) credit.Issued {
	s.Helper()
	c, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(minor)})
	s.must(err)
	return c
}

func (s *shop) get(b credit.ID) credit.Balance {
	s.Helper()
	out, err := s.credit.Get(s.ctx(), b)
	s.must(err)
	return out
}

// violated returns the names of the rules that are broken on a shard.
func (s *shop) violated(shard int) (names []string) {
	s.Helper()
	s.must(s.engine.View(s.ctx(), s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		found, err := credit.Module().Check(tx)
		for _, v := range found {
			names = append(names, v.Rule)
		}
		return err
	}))
	return names
}

// owed returns the balance of an account of the ledger.
func (s *shop) account(a payments.Account) int64 {
	s.Helper()
	all, err := s.ledger.Balances(s.ctx())
	s.must(err)
	for _, b := range all {
		if b.Account == a {
			return b.Amount.Minor()
		}
	}
	return 0
}
