package cart

import (
	"context"
	"errors"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// AddAgain puts goods that were bought once into a cart, and leaves out what
// cannot be bought any more. Without a Cart it starts a new one.
//
// Which goods an order had is known by its name: asking again with the same Key
// gives the first answer, whatever has become of the goods since.
type AddAgain struct {
	// Of is the order, and OfCart the cart that it was made of: a new cart is
	// for the same channel, as long as that cart is kept.
	Of     string `cbor:"1,keyasint"`
	OfCart ID     `cbor:"2,keyasint,omitempty"`

	Cart ID `cbor:"3,keyasint,omitempty"`
	// Customer is for a new cart; "" is a guest.
	Customer accounts.CustomerID `cbor:"4,keyasint,omitempty"`
	Currency money.Currency      `cbor:"5,keyasint"` // of the order
	Key      string              `cbor:"-"`

	// Goods are those of the order.
	Goods []Goods `cbor:"-" command:"stamped"`
	// Add is what is added, at the prices of now.
	Add *AddLines `cbor:"6,keyasint,omitempty" command:"stamped"`
	// Left are the others.
	Left []LeftOut `cbor:"7,keyasint,omitempty" command:"stamped"`
}

// Goods are one line of an order.
type Goods struct {
	Line       int // in the order, from 1
	SKU        catalog.SKU
	Quantity   int64
	Properties []Property
}

// LeftOut is a line of an order that was not added.
type LeftOut struct {
	Line int         `cbor:"1,keyasint"`
	Code ProblemCode `cbor:"2,keyasint"` // Discontinued, NoPrice or, of goods that are set aside in carts, OutOfStock
}

// AddedAgain is the recorded answer of AddAgain.
type AddedAgain struct {
	Cart ID        `cbor:"1,keyasint,omitempty"` // "" if nothing was added
	Left []LeftOut `cbor:"2,keyasint,omitempty"`
}

// Kind returns "cart.add_again".
func (AddAgain) Kind() command.Kind { return "cart.add_again" }

// Validate checks the form of the cart and of its owner.
func (c AddAgain) Validate() error {
	if c.Cart != "" {
		if _, err := slotOf(c.Cart); err != nil {
			return err
		}
	}
	if c.Customer != "" {
		if err := id.Check("cus", string(c.Customer)); err != nil {
			return err
		}
	}
	return c.Currency.Check()
}

func (c AddAgain) apply(tx *command.Tx) (AddedAgain, error) {
	out := AddedAgain{Left: c.Left}
	if c.Add == nil {
		return out, nil
	}
	made, err := c.Add.apply(tx)
	out.Cart = made.Cart
	return out, err
}

// prepare sorts out what can be bought. soldOut are the lines of the order whose
// goods cannot be set aside.
func (c *AddAgain) prepare(ctx context.Context, s *Service, st command.Stamp, soldOut []int) error {
	add := AddLines{Cart: c.Cart, Customer: c.Customer, Currency: c.Currency}
	if c.Add, c.Left = nil, nil; c.Cart == "" {
		var err error
		if add.Channel, err = s.channelOf(ctx, c.OfCart); err != nil {
			return err
		}
	}
	lists, err := s.pricing.PriceLists(ctx)
	if err != nil {
		return err
	}
	asking := add // it names a new cart, which there may be no need for
	ask, err := asking.target(ctx, s, st, lists)
	if err != nil {
		return err
	}
	for _, g := range c.Goods {
		line := AddedLine{SKU: g.SKU, Quantity: g.Quantity, Properties: g.Properties}
		code := OutOfStock
		if !slices.Contains(soldOut, g.Line) {
			if code, err = s.canAdd(ctx, line, lists, ask); err != nil {
				return err
			}
		}
		if code != "" {
			c.Left = append(c.Left, LeftOut{g.Line, code})
		} else {
			add.Lines = append(add.Lines, line)
		}
	}
	if len(add.Lines) == 0 {
		return nil
	}
	c.Add = &add
	return c.Add.prepare(ctx, s, st)
}

// canAdd returns why a line cannot be added, "" if it can.
func (s *Service) canAdd(ctx context.Context, l AddedLine, lists *catalog.PriceLists, ask catalog.Ask) (ProblemCode, error) {
	v, err := s.pricing.Variant(ctx, l.SKU)
	if err == nil {
		_, err = l.price(lists, v, ask)
	}
	if err == nil {
		_, err = s.stock.Needs(ctx, v)
	}
	if _, ok := errors.AsType[*CurrencyError](err); ok {
		return NoPrice, nil
	}
	if _, ok := errors.AsType[*catalog.GiftCardWorthError](err); ok {
		return NoPrice, nil
	}
	if _, ok := errors.AsType[*NotForSaleError](err); ok || isGone(err) {
		return Discontinued, nil
	}
	if _, ok := errors.AsType[*inventory.KitError](err); ok {
		return Discontinued, nil
	}
	return "", err
}

// AddAgain runs the command. It returns the whole cart as it is then, which is
// the zero Cart if nothing could be added, and what was left out. It returns a
// *VersionError, a *StatusError, a *FrozenError or a *LimitError as AddLines
// does.
func (s *Service) AddAgain(ctx context.Context, c AddAgain) (Cart, []LeftOut, error) {
	if err := c.Validate(); err != nil {
		return Cart{}, nil, err
	}
	call, err := s.callOn(c.Cart, c.Customer, c.Key)
	if err != nil {
		return Cart{}, nil, err
	}
	var soldOut []int
	for {
		got, left, err := s.addAgain(ctx, c, call, soldOut)
		short, ok := errors.AsType[*inventory.OutOfStockError](err)
		if !ok {
			return got, left, err
		}
		line := c.lastOf(short, soldOut)
		if line == 0 {
			return Cart{}, nil, err
		}
		soldOut = append(soldOut, line)
	}
}

func (s *Service) addAgain(ctx context.Context, c AddAgain, call command.Call, soldOut []int) (got Cart, left []LeftOut, err error) {
	var cmd AddAgain
	var at ID
	call.Prepare = func(st command.Stamp) error {
		err := cmd.prepare(ctx, s, st, soldOut)
		if cmd.Add != nil {
			at = cmd.Add.Cart
		}
		return err
	}
	got, err = s.stocked(ctx, &at, func() (Cart, error) {
		cmd = c
		return command.DoThen(ctx, s.engine, &cmd, call, func(ctx context.Context, done AddedAgain) (Cart, error) {
			if left = done.Left; done.Cart == "" {
				return Cart{}, nil
			}
			return s.Get(ctx, done.Cart)
		})
	})
	return got, left, err
}

// lastOf returns the last line, of those that are not left out already, of what
// there is too little of; 0 if there is none.
func (c AddAgain) lastOf(short *inventory.OutOfStockError, but []int) int {
	for i := len(c.Goods) - 1; i >= 0; i-- {
		g := c.Goods[i]
		lacks := g.SKU == short.SKU || slices.ContainsFunc(short.Lines, func(l inventory.Short) bool { return l.SKU == g.SKU })
		if lacks && !slices.Contains(but, g.Line) {
			return g.Line
		}
	}
	return 0
}
