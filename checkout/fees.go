package checkout

import (
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// feeRule is what the fees by one rule have in common. It is logged once for all
// of them: a fee may be on each of some thousand lines.
type feeRule struct {
	ID   string          `cbor:"1,keyasint"`
	Kind pricing.FeeKind `cbor:"2,keyasint,omitempty"`
	Name string          `cbor:"3,keyasint"`
}

// pricedFee is one fee of a cart.
type pricedFee struct {
	Rule   int   `cbor:"1,keyasint,omitempty"` // the index of its feeRule
	Line   int   `cbor:"2,keyasint,omitempty"` // from 1; 0 is the cart
	Amount int64 `cbor:"3,keyasint"`
	Tax    int64 `cbor:"4,keyasint,omitempty"`
}

// maxFees bounds the fees of a cart that can be bought, each on each line counted,
// so that a command stays below the limit of its size.
const maxFees = 4000

// charge takes the fees of a quote down.
func (p *priced) charge(fees []pricing.QuotedFee) error {
	if len(fees) > maxFees {
		return fault.New(fault.Refused, "%d fees are on the cart and its lines; a checkout takes up to %d: buy the goods in several orders", len(fees), maxFees)
	}
	for _, f := range fees {
		rule := slices.IndexFunc(p.FeeRules, func(r feeRule) bool { return r.ID == f.Fee })
		if rule < 0 {
			rule = len(p.FeeRules)
			p.FeeRules = append(p.FeeRules, feeRule{ID: f.Fee, Kind: f.Kind, Name: f.Name})
		}
		p.Fees = append(p.Fees, pricedFee{Rule: rule, Line: f.Line, Amount: f.Amount, Tax: f.Tax})
	}
	return nil
}

// newFees returns the fees as an order takes them.
func (p *priced) newFees() []orders.NewFee {
	var out []orders.NewFee
	for _, f := range p.Fees {
		r := p.FeeRules[f.Rule]
		out = append(out, orders.NewFee{Fee: r.ID, Kind: r.Kind, Name: r.Name, Line: f.Line, Amount: f.Amount, Tax: f.Tax})
	}
	return out
}
