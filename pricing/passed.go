package pricing

import (
	"fmt"
	"slices"

	"github.com/keelshop/commerce/money"
)

// PassedOver is a promotion that would have taken something off and was not
// applied, because of others.
type PassedOver struct {
	Promotion string       `cbor:"1,keyasint" json:"promotion"`
	Name      string       `cbor:"2,keyasint" json:"name"`
	Code      string       `cbor:"3,keyasint,omitempty" json:"code,omitempty"` // with which it was asked for
	Reason    PassedReason `cbor:"4,keyasint" json:"reason"`
	// By is the promotion that was applied in its stead; "" if it is several.
	By string `cbor:"5,keyasint,omitempty" json:"by,omitempty"`
	// Amount is what it would have taken off, in minor units, where it was weighed.
	Amount int64 `cbor:"6,keyasint" json:"amount"`
}

// PassedReason says why a promotion was not applied.
type PassedReason string

// The reasons.
const (
	LessInGroup   PassedReason = "less_in_group"  // another one of its group takes off more
	AfterStop     PassedReason = "after_stop"     // one before it lets none come after it
	NotCombinable PassedReason = "not_combinable" // it stands alone and the others save more, or the other way round
)

// maxPassed bounds the promotions that a quote names as passed over.
const maxPassed = 50

// passOver notes a promotion that is not applied.
func (p *pricer) passOver(d *deal, c *compiled, why PassedReason, by string, amount int64) {
	if amount > 0 {
		d.passed = append(d.passed, PassedOver{Promotion: c.ID, Name: c.Name, Code: p.codeOf(c), Reason: why, By: by, Amount: amount})
	}
}

// weigh returns what a promotion would take off at this point of a deal.
func (p *pricer) weigh(c *compiled, d *deal) (int64, error) {
	if c.Effect.Kind == FreeShipping {
		return p.weighShipping(c, d)
	}
	return p.effect(c, d)
}

// stopped notes those that one of them has kept from being applied.
func (p *pricer) stopped(by *compiled, rest []*compiled, done map[string]bool, alone bool, d *deal) error {
	for _, c := range rest {
		if c.Alone != alone || c.Group != "" && done[c.Group] {
			continue
		}
		off, err := p.weigh(c, d)
		if err != nil {
			return err
		}
		p.passOver(d, c, AfterStop, by.ID, off)
	}
	return nil
}

// stands replaces the best deal by that of a promotion that stands alone.
func (p *pricer) stands(c *compiled, alone deal) {
	for _, a := range p.best.applied {
		alone.passed = append(alone.passed, PassedOver{Promotion: a.Promotion, Name: a.Name, Code: a.Code, Reason: NotCombinable, By: c.ID, Amount: a.Amount})
	}
	for _, o := range p.best.passed {
		if o.Reason == NotCombinable {
			o.By = c.ID
			alone.passed = append(alone.passed, o)
		}
	}
	p.best = alone
}

// passed copies what was passed over into the quote.
func (p *pricer) passed() {
	p.best.passed = append(p.best.passed, p.passedGifts...)
	if len(p.best.passed) > 0 {
		p.quote.PassedOver = slices.Clone(p.best.passed[:min(len(p.best.passed), maxPassed)])
	}
}

// Explain says in one line why a promotion was not applied.
func (o PassedOver) Explain(c money.Currency) string {
	out := fmt.Sprintf("%s does not take off %s: ", Applied{Promotion: o.Promotion, Name: o.Name, Code: o.Code}.Title(), decimal(o.Amount, c))
	switch {
	case o.Reason == LessInGroup:
		return out + "[" + o.By + "] of its group takes off more, or comes first"
	case o.Reason == AfterStop:
		return out + "[" + o.By + "] lets none come after it"
	case o.By != "":
		return out + "[" + o.By + "] stands alone and saves more"
	}
	return out + "it stands alone, and the others save as much or more"
}
