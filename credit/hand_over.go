package credit

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// HandOver delivers the gift cards of a paid order and has them issued. A store
// does it by itself once an order is paid, unless its settings for downloads
// leave handing over to staff.
type HandOver struct {
	Order orders.ID `cbor:"1,keyasint"`
	Key   string    `cbor:"-"`

	Fulfilment string       `cbor:"2,keyasint,omitempty" command:"stamped"`
	Cards      []handedCard `cbor:"3,keyasint,omitempty" command:"stamped"`
}

// handedCard is one unit of a line, and the card that it becomes.
type handedCard struct {
	Line    int    `cbor:"1,keyasint"`
	Unit    int    `cbor:"2,keyasint"`
	Balance ID     `cbor:"3,keyasint"`
	Last4   string `cbor:"4,keyasint"`
}

// TimerIssue is the kind of the durable timer of an order whose gift cards are to
// be issued or taken back. Its subject is the order.
const TimerIssue = "credit.issue"

// mostHanded bounds the cards of one command.
const mostHanded = 500

// Kind returns "credit.hand_over".
func (HandOver) Kind() command.Kind { return "credit.hand_over" }

// Validate checks the order's form.
func (c HandOver) Validate() error {
	_, err := orderSlot(c.Order)
	return err
}

// apply hands over those of the cards that the order still has: units may have
// been canceled since, the last ones first.
func (c HandOver) apply(tx *command.Tx) (int, error) {
	o, err := orders.GetTx(tx.Tx, c.Order)
	if err != nil || !o.HandsOver() {
		if err == nil {
			err = &orders.StatusError{Order: o.ID, Have: string(o.Status) + " and " + string(o.PaymentStatus), Want: "placed and paid"}
		}
		return 0, err
	}
	lines, err := orders.LinesTx(tx.Tx, c.Order, o.Currency)
	if err != nil {
		return 0, err
	}
	var what []orders.LineQuantity
	n := 0
	for _, card := range c.Cards {
		l := lines[card.Line-1]
		if !l.Digital.IsGiftCard() || int64(card.Unit) <= l.Shipped || int64(card.Unit) > l.Quantity-l.Canceled {
			continue
		}
		if len(what) == 0 || what[len(what)-1].Line != card.Line {
			what = append(what, orders.LineQuantity{Line: card.Line})
		}
		what[len(what)-1].Quantity++
		n++
		if _, err := tx.Exec(`INSERT INTO sold_cards (order_id, line, unit, slot, balance, last4, amount, state, reason, asked, at) VALUES (?, ?, ?, ?, ?, ?, ?, 'due', '', 0, ?)`,
			c.Order, card.Line, card.Unit, tx.Slot, card.Balance, card.Last4, l.UnitPrice.Minor(), tx.At); err != nil {
			return 0, err
		}
	}
	if n == 0 {
		return 0, nil
	}
	if _, err := orders.HandOverTx(tx, c.Order, c.Fulfilment, what); err != nil {
		return 0, err
	}
	return n, issueLater(tx, c.Order)
}

func issueLater(tx *command.Tx, o orders.ID) error {
	if err := tx.ClearTimers(TimerIssue, string(o)); err != nil {
		return err
	}
	return tx.SetTimer(tx.Clock, TimerIssue, string(o))
}

// HandOver runs the command, issues the cards and returns all that the order has.
// It is an *orders.StatusError if the order is not placed and paid. What cannot
// be issued now is issued in the background.
func (s *Service) HandOver(ctx context.Context, c HandOver) ([]SoldCard, error) {
	slot, err := orderSlot(c.Order)
	if err != nil {
		return nil, err
	}
	key := command.KeyOr(s.engine, c.Key)
	call := command.Call{Key: key, Slot: slot, Prepare: func(st command.Stamp) error {
		c.Fulfilment = st.NewID("ful")
		return c.prepare(ctx, s)
	}}
	for n := mostHanded; n == mostHanded; {
		if n, err = command.Do[int](ctx, s.engine, &c, call); err != nil {
			return nil, err
		}
		call.Key = command.KeyOr(s.engine, "") // more than one command takes: the rest
	}
	_ = s.IssueTimer(ctx, string(c.Order)) // the timer meets its error again and reports it
	return command.Then(ctx, key, func(ctx context.Context) ([]SoldCard, error) { return s.Sold(ctx, c.Order) })
}

// prepare names the cards that are still to be handed over.
func (c *HandOver) prepare(ctx context.Context, s *Service) error {
	slot, err := orderSlot(c.Order)
	if err != nil {
		return err
	}
	c.Cards = nil
	return s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		o, err := orders.GetTx(tx, c.Order)
		if err != nil || !o.Digital {
			return err
		}
		lines, err := orders.LinesTx(tx, c.Order, o.Currency)
		if err != nil {
			return err
		}
		for _, l := range lines {
			for unit := l.Shipped + 1; l.Digital.IsGiftCard() && unit <= l.Quantity-l.Canceled && len(c.Cards) < mostHanded; unit++ {
				code, err := NormalizeCode(s.codeOf(c.Order, l.Number, int(unit)))
				if err != nil {
					return err
				}
				card, _ := s.giftCardOf(code)
				c.Cards = append(c.Cards, handedCard{Line: l.Number, Unit: int(unit), Balance: card, Last4: code[len(code)-4:]})
			}
		}
		return nil
	})
}

// HandOverDue hands over the gift cards of an order that was paid, if it has any.
// It is harmless to repeat.
func (s *Service) HandOverDue(ctx context.Context, o orders.ID) error {
	slot, err := orderSlot(o)
	if err != nil {
		return err
	}
	due := false
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		order, err := orders.GetTx(tx, o)
		if err != nil || !order.HandsOver() {
			return err
		}
		lines, err := orders.LinesTx(tx, o, order.Currency)
		due = slices.ContainsFunc(lines, func(l orders.Line) bool { return l.Digital.IsGiftCard() && l.Unshipped() > 0 })
		return err
	})
	if err == nil && due {
		_, err = s.HandOver(ctx, HandOver{Order: o})
	}
	return err
}

// IssueTimer handles the timers of kind TimerIssue: it issues the gift cards of
// an order that are due, and takes back those that somebody asked back. It may be
// called at any time and by several callers at once.
func (s *Service) IssueTimer(ctx context.Context, order string) error {
	o := orders.ID(order)
	all, err := s.Sold(ctx, o)
	if err != nil {
		return err
	}
	for _, card := range all {
		switch card.State {
		case CardDue:
			err = s.issue(ctx, card)
		case CardAskedBack:
			err = s.withdraw(ctx, card)
		}
		if err != nil {
			return fmt.Errorf("gift card %d of line %d of order %s: %w", card.Unit, card.Line, o, err)
		}
	}
	return s.settle(ctx, settleCard{Order: o})
}

// issue makes one card on the slot of its code, and notes that it is there.
func (s *Service) issue(ctx context.Context, card SoldCard) error {
	slot, err := slotOf(card.Balance)
	if err != nil {
		return err
	}
	days, err := s.daysOf(ctx, card)
	if err != nil {
		return err
	}
	c := issueSold{ID: card.Balance, Order: card.Order, Amount: card.Amount, Last4: card.Last4}
	if days > 0 {
		c.Expires = millis(card.At.AddDate(0, 0, int(days)))
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot}); err != nil {
		return err
	}
	return s.settle(ctx, settleCard{Order: card.Order, Line: card.Line, Unit: card.Unit, State: CardIssued})
}

// daysOf returns how long a card can be paid with, as its line says; 0 is without
// limit.
func (s *Service) daysOf(ctx context.Context, card SoldCard) (days int64, err error) {
	slot, err := orderSlot(card.Order)
	if err != nil {
		return 0, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		lines, err := orders.LinesTx(tx, card.Order, card.Amount.Currency())
		if err == nil && card.Line <= len(lines) && lines[card.Line-1].Digital != nil {
			days = lines[card.Line-1].Digital.Days
		}
		return err
	})
	return days, err
}

func (s *Service) settle(ctx context.Context, c settleCard) error {
	slot, err := orderSlot(c.Order)
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot})
	return err
}

// settleCard notes on the order's slot what has become of a card, and clears the
// order's timer once none of its cards waits for anything. Without a Line it
// does the latter alone.
type settleCard struct {
	Order orders.ID `cbor:"1,keyasint"`
	Line  int       `cbor:"2,keyasint,omitempty"`
	Unit  int       `cbor:"3,keyasint,omitempty"`
	State CardState `cbor:"4,keyasint,omitempty"` // issued, or taken back
	Asked int       `cbor:"5,keyasint,omitempty"` // which time of being asked back it answers; 0 is none
}

// Kind returns "credit.settle_card".
func (settleCard) Kind() command.Kind { return "credit.settle_card" }

// Validate refuses what is not an order's ID.
func (c settleCard) Validate() error {
	_, err := orderSlot(c.Order)
	return err
}

func (c settleCard) apply(tx *command.Tx) (struct{}, error) {
	if c.Line > 0 {
		card, err := soldCardTx(tx.Tx, c.Order, c.Line, c.Unit)
		if err != nil {
			return struct{}{}, err
		}
		if err := card.settle(tx, c.State, c.Asked); err != nil {
			return struct{}{}, err
		}
	}
	_, waits, err := tx.Int64(`SELECT 1 FROM sold_cards WHERE order_id = ? AND state IN ('due', 'asked_back') LIMIT 1`, c.Order)
	if err != nil || waits {
		return struct{}{}, err
	}
	return struct{}{}, tx.ClearTimers(TimerIssue, string(c.Order))
}

// settle ends what a card waits for. What has been settled before stays.
func (c *SoldCard) settle(tx *command.Tx, s CardState, asked int) error {
	switch {
	case c.asked != asked: // answered before
	case c.State == CardDue && s == CardIssued:
		if err := c.become(tx, CardIssued, ""); err != nil {
			return err
		}
		return tx.Emit("credit.card_issued", string(c.Order), c.event())
	case c.State == CardAskedBack && s == CardIssued: // it was used
		return c.become(tx, CardIssued, c.Reason)
	case c.State == CardAskedBack && s == CardTakenBack:
		if err := orders.GrantGiftCardTx(tx, c.Order, c.Line, string(c.Balance), c.Reason); err != nil {
			return err
		}
		if err := c.become(tx, CardTakenBack, c.Reason); err != nil {
			return err
		}
		return tx.Emit("credit.card_taken_back", string(c.Order), c.event())
	}
	return nil
}
