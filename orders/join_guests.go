package orders

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// JoinGuests joins the orders to a customer's account that guests have placed
// with its e-mail address. They stay where they are and remain a guest's; the
// account shows them. One that belongs to an account already stays there.
//
// It asks for two things at once, since anybody can register with an address
// that is not theirs: Customer is who is logged in where the token of the letter
// was shown, and Mailbox is what accounts.VerifyMailbox made of that token. An
// address that its provider has given to somebody else since tells nothing of
// that: who reads its mail now and has an account gets what was ordered with it
// before. A shop that fears this erases guests in time: see cart.EraseGuest.
type JoinGuests struct {
	Customer accounts.CustomerID `cbor:"1,keyasint"`
	Mailbox  accounts.Mailbox    `cbor:"-"`

	Email claim.Hash `cbor:"2,keyasint" command:"stamped"`
}

// JoinedEvent is the data of the event order.joined. It is told on the shard of
// the order, which is not that of the customer.
type JoinedEvent struct {
	Order    ID                  `json:"order"`
	Customer accounts.CustomerID `json:"customer"`
}

// Kind returns "orders.join_guests".
func (JoinGuests) Kind() command.Kind { return "orders.join_guests" }

// Validate returns fault.Invalid if Customer is not a customer's ID.
func (c JoinGuests) Validate() error { return id.Check("cus", string(c.Customer)) }

// apply is the first step, on the customer's slot: it finds out whether the
// address is still theirs, and notes that there may be orders elsewhere.
func (c JoinGuests) apply(tx *command.Tx) (struct{}, error) {
	if err := c.holds(tx.Tx); err != nil {
		return struct{}{}, err
	}
	_, err := tx.Exec(`INSERT INTO order_joins (customer, slot, at) VALUES (?, ?, ?) ON CONFLICT (customer) DO UPDATE SET at = excluded.at`,
		c.Customer, tx.Slot, tx.At)
	return struct{}{}, err
}

// holds returns an error unless the address that the letter went to is the
// customer's verified one.
func (c JoinGuests) holds(tx *sqlite.Tx) error {
	email, err := accounts.VerifiedTx(tx, c.Customer)
	if err == nil && email != c.Email {
		err = &accounts.NoLetterError{}
	}
	return err
}

// takeGuests is the second step, on each shard that has such orders, a page at a
// time. It is harmless to repeat.
type takeGuests struct {
	Shard    int                 `cbor:"1,keyasint"`
	Customer accounts.CustomerID `cbor:"2,keyasint"`
	Email    claim.Hash          `cbor:"3,keyasint"`
	After    cart.ID             `cbor:"4,keyasint,omitempty"`
}

// guestsTaken is its answer.
type guestsTaken struct {
	Joined int     `cbor:"1,keyasint,omitempty"`
	After  cart.ID `cbor:"2,keyasint,omitempty"` // to go on behind; "" at the end
}

// mostJoined is how many orders one command looks at.
const mostJoined = 100

func (takeGuests) Kind() command.Kind { return "orders.take_guests" }

// Validate returns nil: JoinGuests has checked.
func (takeGuests) Validate() error { return nil }

func (c takeGuests) apply(tx *command.Tx) (out guestsTaken, err error) {
	if tx.Shard != c.Shard {
		return out, fault.New(fault.Conflict, "orders of shard %d are not kept on shard %d", c.Shard, tx.Shard)
	}
	carts, err := cart.BoughtByGuestTx(tx.Tx, c.Email, c.After, mostJoined)
	if err != nil {
		return out, err
	}
	for _, bought := range carts {
		o, found, err := freeOrderTx(tx.Tx, bought)
		if err != nil {
			return out, err
		}
		if !found {
			continue
		}
		if _, err := tx.Exec(`UPDATE orders SET joined = ?, version = version + 1 WHERE id = ?`, c.Customer, o); err != nil {
			return out, err
		}
		if err := tx.Emit("order.joined", string(o), JoinedEvent{Order: o, Customer: c.Customer}); err != nil {
			return out, err
		}
		out.Joined++
	}
	if len(carts) == mostJoined {
		out.After = carts[mostJoined-1]
	}
	return out, nil
}

// freeOrderTx returns the placed order of a guest's cart, unless an account has
// it.
func freeOrderTx(tx *sqlite.Tx, bought cart.ID) (ID, bool, error) {
	o, found, err := tx.Text(`SELECT o.id FROM carts c JOIN orders o ON o.id = c.order_id
		WHERE c.id = ? AND o.customer = '' AND o.joined = '' AND o.placed_at > 0`, bought)
	return ID(o), found, err
}

// JoinGuests runs the command and returns how many orders were joined just now.
// It returns an *accounts.NoLetterError if Mailbox is not that of Customer or they
// have another address now, an *accounts.UnverifiedError, an
// *accounts.UnknownCustomerError or an *accounts.ErasedError. What comes in between
// leaves some joined and others not; asking again goes on.
func (s *Service) JoinGuests(ctx context.Context, c JoinGuests) (joined int, err error) {
	slot, err := c.Customer.Slot()
	if err != nil {
		return 0, err
	}
	if c.Mailbox.Customer() != c.Customer {
		return 0, fmt.Errorf("joining the orders of guests to customer %s: %w", c.Customer, &accounts.NoLetterError{})
	}
	c.Email = c.Mailbox.Email()
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot}); err != nil {
		return 0, err
	}
	for shard := range s.engine.Shards() {
		n, err := s.takeGuests(ctx, slot, c, takeGuests{Shard: shard, Customer: c.Customer, Email: c.Email})
		joined += n
		if err != nil {
			return joined, fmt.Errorf("joining the orders of guests to customer %s, after %d: %w", c.Customer, joined, err)
		}
	}
	return joined, nil
}

// takeGuests takes the second step on one shard, where there is something to
// take, as long as the address is the customer's.
func (s *Service) takeGuests(ctx context.Context, home id.Slot, join JoinGuests, c takeGuests) (joined int, err error) {
	slot := s.engine.SlotOn(c.Shard)
	for {
		some, err := s.hasGuests(ctx, slot, &c)
		if err != nil || !some {
			return joined, err
		}
		if err := s.engine.View(ctx, home, join.holds); err != nil {
			return joined, err
		}
		done, err := command.Do[guestsTaken](ctx, s.engine, &c, command.Call{Slot: slot})
		if err != nil {
			return joined, err
		}
		if joined += done.Joined; done.After == "" {
			return joined, nil
		}
		c.After = done.After
	}
}

// hasGuests reports whether a shard has orders to join, and moves c past carts
// whose orders belong to an account.
func (s *Service) hasGuests(ctx context.Context, slot id.Slot, c *takeGuests) (some bool, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		for {
			carts, err := cart.BoughtByGuestTx(tx, c.Email, c.After, mostJoined)
			if err != nil {
				return err
			}
			for _, bought := range carts {
				if _, some, err = freeOrderTx(tx, bought); some || err != nil {
					return err
				}
				c.After = bought
			}
			if len(carts) < mostJoined {
				return nil
			}
		}
	})
	return some, err
}

// hasJoined returns the slot of a customer and whether orders of guests may be
// joined to their account.
func (s *Service) hasJoined(ctx context.Context, customer accounts.CustomerID) (slot id.Slot, joined bool, err error) {
	if slot, err = customer.Slot(); err != nil {
		return slot, false, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		_, joined, err = tx.Int64(`SELECT 1 FROM order_joins WHERE customer = ?`, customer)
		return err
	})
	return slot, joined, err
}

// CheckJoins reports orders that were joined to an account whose customer has not
// asked for them. It is exact on an open store: who has asked is read after what
// they got.
func (s *Service) CheckJoins(ctx context.Context) (out []command.Violation, err error) {
	joined := map[accounts.CustomerID]ID{}
	for shard := range s.engine.Shards() {
		err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT joined, min(id) FROM orders WHERE joined <> '' GROUP BY joined`)
			for rows.Next() {
				joined[accounts.CustomerID(rows.Text(0))] = ID(rows.Text(1))
			}
			return rows.Close()
		})
		if err != nil {
			return nil, err
		}
	}
	for _, customer := range slices.Sorted(maps.Keys(joined)) {
		o := joined[customer]
		_, asked, err := s.hasJoined(ctx, customer)
		if fault.CodeOf(err) == fault.Invalid {
			asked, err = false, nil
		}
		if err != nil {
			return nil, err
		}
		if !asked {
			out = append(out, command.Violation{Rule: "orders.joined_was_asked_for", Subject: string(o),
				Detail: "it is joined to the account of " + string(customer) + ", who has not asked for it"})
		}
	}
	return out, nil
}
