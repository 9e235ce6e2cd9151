package pricing

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/keelshop/commerce/money"
)

// Derivation is how a promotion came to its discount: a copy of what it worked
// by, which outlives it. Amounts are minor units; what its kind does not use is
// zero.
type Derivation struct {
	Kind EffectKind `cbor:"1,keyasint" json:"kind"`
	// Base is what was left, before it, of the lines that it is for, of the units
	// that a BuyGet or a Gift reduces, or of the price of shipping.
	Base int64 `cbor:"2,keyasint,omitempty" json:"base"`
	// Rate is the part of Base that is off. A Tiered has it or Amount.
	Rate money.Rate `cbor:"3,keyasint,omitempty" json:"rate,omitzero"`
	// Amount is what comes off all lines together or, if PerUnit, off each unit;
	// of a FixedPrice it is what a unit costs.
	Amount  int64 `cbor:"4,keyasint,omitempty" json:"amount,omitempty"`
	PerUnit bool  `cbor:"5,keyasint,omitempty" json:"per_unit,omitempty"`
	Tier    int   `cbor:"6,keyasint,omitempty" json:"tier,omitempty"`   // which of a Tiered's, from 1
	Units   int64 `cbor:"7,keyasint,omitempty" json:"units,omitempty"`  // that a BuyGet or a Gift reduces
	Bought  int64 `cbor:"8,keyasint,omitempty" json:"bought,omitempty"` // units that a BuyGet has counted
	// Uncut is what it would have come to without the promotion's AtMost; 0 if
	// that did not matter.
	Uncut int64 `cbor:"9,keyasint,omitempty" json:"uncut,omitempty"`
}

// shared reports whether the discount was divided over lines by what was left
// of them.
func (d *Derivation) shared() bool {
	switch {
	case d.Uncut > 0:
		return false // by what it would have taken off each
	case d.Kind == PercentOff, d.Kind == Tiered:
		return true
	}
	return d.Kind == AmountOff && !d.PerUnit
}

// Explain says, in one line, what a promotion takes off and how that came about.
func (a Applied) Explain(c money.Currency) string {
	out := fmt.Sprintf("%s takes off %s", a.Title(), decimal(a.Amount, c))
	if a.How == nil {
		return out + ", as it was given"
	}
	out += ": " + a.How.text(c)
	if a.How.Uncut > 0 {
		return out + fmt.Sprintf(", which is %s, and at most %s", decimal(a.How.Uncut, c), decimal(a.Amount, c))
	}
	return out
}

func (d *Derivation) text(c money.Currency) string {
	base, amount := decimal(d.Base, c), decimal(d.Amount, c)
	switch d.Kind {
	case AmountOff:
		if d.PerUnit {
			return amount + " off each unit, of " + base
		}
		return amount + " off " + base
	case FixedPrice:
		return amount + " for each unit, instead of " + base
	case BuyGet:
		return fmt.Sprintf("%v of %s, which the cheapest %d cost, as %d count", d.Rate, base, d.Units, d.Bought)
	case Gift:
		return fmt.Sprintf("%d for nothing, instead of %s", d.Units, base)
	case Tiered:
		if d.Amount > 0 {
			return fmt.Sprintf("tier %d, %s off %s", d.Tier, amount, base)
		}
		return fmt.Sprintf("tier %d, %v of %s%s", d.Tier, d.Rate, base, exactly(d.Base, d.Rate.Num(), d.Rate.Den(), c))
	case FreeShipping:
		return fmt.Sprintf("%v of %s for shipping%s", d.Rate, base, exactly(d.Base, d.Rate.Num(), d.Rate.Den(), c))
	}
	return fmt.Sprintf("%v of %s%s", d.Rate, base, exactly(d.Base, d.Rate.Num(), d.Rate.Den(), c))
}

// LineShare is what one of several promotions takes off a line.
type LineShare struct {
	Share
	Of *Applied
}

// ByLine returns what promotions take off each line, by the line's number, in
// the promotions' order.
func ByLine(promotions []Applied) map[int][]LineShare {
	out := map[int][]LineShare{}
	for i, a := range promotions {
		for _, s := range a.Shares {
			out[s.Line] = append(out[s.Line], LineShare{s, &promotions[i]})
		}
	}
	return out
}

// ExplainShare says in one line what a promotion takes off a line of which so
// much was left, and how that came about.
func (a Applied) ExplainShare(s Share, left int64, c money.Currency) string {
	out := fmt.Sprintf("less %s by %s", decimal(s.Amount, c), a.Title())
	d := a.How
	switch {
	case d == nil:
		return out
	case s.Units > 0:
		return out + fmt.Sprintf(": %v off %d of them", d.Rate, s.Units)
	case d.shared() && len(a.Shares) > 1 && d.Base > 0:
		return out + fmt.Sprintf(": the part of %s that %s is of %s%s", decimal(a.Amount, c), decimal(left, c), decimal(d.Base, c), exactly(left, a.Amount, d.Base, c))
	}
	return out
}

// exactly returns what x × num / den is where that is no whole number of minor
// units, so that it was rounded; "" where it is. x × num / den fits.
func exactly(x, num, den int64, c money.Currency) string {
	hi, lo := bits.Mul64(uint64(x), uint64(num))
	if x < 0 || num < 0 || den <= 0 || hi >= uint64(den) {
		return ""
	}
	whole, rest := bits.Div64(hi, lo, uint64(den))
	if rest == 0 {
		return ""
	}
	out := decimal(int64(whole), c)
	if !strings.Contains(out, ".") {
		out += "."
	}
	for range moreDigits {
		var digit uint64
		hi, lo := bits.Mul64(rest, 10) // hi < den, since rest is
		digit, rest = bits.Div64(hi, lo, uint64(den))
		out += string(rune('0' + digit))
		if rest == 0 {
			return " = " + out + ", rounded"
		}
	}
	return " = " + out + "…, rounded"
}

// moreDigits is how many digits beyond a currency's own a remainder is told to.
const moreDigits = 4

func decimal(minor int64, c money.Currency) string { return money.New(minor, c).Decimal() }
