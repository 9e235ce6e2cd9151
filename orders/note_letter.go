package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// NoteLetter notes how far the letter is that brings a gift card to its buyer.
// Who sends letters takes one with LetterSending, has it alone until Pause is
// over, and says with the other states how it went. It leaves the order as it is,
// its version and metadata included.
type NoteLetter struct {
	Order ID          `cbor:"1,keyasint"`
	Line  int         `cbor:"2,keyasint"` // of the order, from 1
	Unit  int         `cbor:"3,keyasint"` // of the line, from 1
	State LetterState `cbor:"4,keyasint"`
	By    string      `cbor:"5,keyasint"` // tells who sends from others who do
	// Pause is for how long nobody else may take the letter, in milliseconds of the
	// shard's clock, up to a week. It means nothing for LetterSent and LetterFailed.
	Pause int64  `cbor:"6,keyasint,omitempty"`
	Key   string `cbor:"-"`
}

const (
	maxLetterBy    = 100                     // bytes
	maxLetterPause = 7 * 24 * 60 * 60 * 1000 // ms
)

// Kind returns "orders.note_letter".
func (NoteLetter) Kind() command.Kind { return "orders.note_letter" }

// Validate checks that it names a unit, a state and who sends.
func (c NoteLetter) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	switch {
	case c.Line < 1:
		return fault.Wrong("line", "lines are counted from 1, not %d", c.Line)
	case c.Unit < 1:
		return fault.Wrong("unit", "units are counted from 1, not %d", c.Unit)
	case !c.State.known():
		return fault.Wrong("state", "a letter cannot be %.20q", c.State)
	case c.By == "" || len(c.By) > maxLetterBy:
		return fault.Wrong("by", "who sends a letter is told by 1 to %d bytes", maxLetterBy)
	case c.Pause < 0 || c.Pause > maxLetterPause:
		return fault.Wrong("pause", "a pause of %d ms is not within a week", c.Pause)
	}
	return nil
}

func (c NoteLetter) apply(tx *command.Tx) (Letter, error) {
	have, found, err := letterTx(tx.Tx, c.Order, c.Line, c.Unit)
	if err != nil {
		return Letter{}, err
	}
	if !found {
		if have, err = c.begin(tx); err != nil {
			return Letter{}, err
		}
	}
	if !c.may(have, tx.Clock) {
		have.Wait = max(0, have.until-tx.Clock)
		return have, nil
	}
	have.State, have.At, have.By, have.until = c.State, tx.At, "", 0
	switch c.State {
	case LetterSending:
		have.Tries, have.By, have.until = have.Tries+1, c.By, tx.Clock+c.Pause
	case LetterWaiting:
		have.until = tx.Clock + c.Pause
	}
	have.Wait = max(0, have.until-tx.Clock)
	_, err = tx.Exec(`INSERT INTO order_letters (order_id, line, unit, slot, state, by, until, tries, since, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (order_id, line, unit) DO UPDATE SET state = ?5, by = ?6, until = ?7, tries = ?8, at = ?10`,
		c.Order, c.Line, c.Unit, tx.Slot, have.State, have.By, have.until, have.Tries, have.Since, have.At)
	return have, err
}

// begin returns the letter of a unit that none was sent for.
func (c NoteLetter) begin(tx *command.Tx) (Letter, error) {
	units, _, err := tx.Int64(`SELECT quantity FROM order_lines WHERE order_id = ? AND line = ?`, c.Order, c.Line)
	if err != nil {
		return Letter{}, err
	}
	if int64(c.Unit) > units {
		return Letter{}, fault.New(fault.NotFound, "order %s has no unit %d of a line %d", c.Order, c.Unit, c.Line)
	}
	return Letter{Line: c.Line, Unit: c.Unit, Since: tx.At}, nil
}

// may reports whether the command changes a letter: what was sent stays so, one
// that somebody else has is theirs until their time is over, and only who has one
// can say that it was not sent.
func (c NoteLetter) may(have Letter, clock int64) bool {
	switch {
	case have.State == LetterSent || have.State == LetterFailed && c.State != LetterSent:
		return false
	case c.State == LetterSending:
		return have.By == c.By || clock >= have.until
	case c.State == LetterSent:
		return have.Tries > 0
	}
	return have.By == c.By
}

// NoteLetter runs the command and returns the letter as it is then: somebody
// else's, if By is not the caller's. It returns fault.NotFound if the order has no
// such unit.
func (s *Service) NoteLetter(ctx context.Context, c NoteLetter) (Letter, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return Letter{}, err
	}
	return command.Do[Letter](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot})
}

// Letters returns what is noted about the letters of an order, by line and unit.
func (s *Service) Letters(ctx context.Context, o ID) (out []Letter, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = lettersTx(tx, o)
		return err
	})
	return out, err
}
