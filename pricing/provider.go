package pricing

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// TaxProvider works out taxes in place of the tax zones: a service that knows
// every city's rate. It is asked when a cart is priced, never while an order
// is stored, and as a rule once for the same request on the same day.
type TaxProvider interface {
	// Taxes returns the taxes on each row of the request. It honours the
	// deadline of ctx. Its amounts must be on top of the rows, or in them, as
	// the request says, and none of them negative.
	//
	// An error of code fault.Invalid, fault.Refused or fault.NotFound says that
	// this request cannot be answered, as with a postcode that there is not, and
	// is not held against the provider. After any other the same request is not
	// made for ten seconds, and after three of different requests in a row none.
	Taxes(ctx context.Context, r TaxRequest) (TaxAnswer, error)
}

// TaxRequest is what a TaxProvider is asked. Amounts are minor units.
type TaxRequest struct {
	Currency    money.Currency `cbor:"1,keyasint"`
	Day         string         `cbor:"2,keyasint"` // on which the tax is due, in UTC, as in 2026-03-01
	Address     Address        `cbor:"3,keyasint"`
	TaxIncluded bool           `cbor:"4,keyasint"` // the store's prices contain the tax: each row says it for its amount
	Rows        []TaxRow       `cbor:"5,keyasint"` // the lines in their order, shipping if there is any, and fees
}

// TaxRow is one amount that may be taxed.
type TaxRow struct {
	SKU      catalog.SKU `cbor:"1,keyasint,omitempty"` // "" is shipping or a fee
	Category string      `cbor:"2,keyasint,omitempty"`
	Quantity int64       `cbor:"3,keyasint"`
	Amount   int64       `cbor:"4,keyasint"`           // after discounts; nothing for a gift card, which is not taxed
	Fee      string      `cbor:"5,keyasint,omitempty"` // its ID
	// TaxIncluded says that Amount contains the tax.
	TaxIncluded bool `cbor:"6,keyasint,omitempty"`
}

// TaxAnswer holds the taxes on each row of a request, in its order.
type TaxAnswer struct{ Rows [][]Tax }

// RateProvider says what carriers charge. It is asked for the shipping methods
// that name a Carrier, as a rule once for the same parcel on the same day.
type RateProvider interface {
	// Rates returns what a parcel costs by carrier. A carrier that is not among
	// them does not take it. It honours the deadline of ctx. Errors mean what
	// they mean of a TaxProvider.
	Rates(ctx context.Context, r RateRequest) (map[string]CarrierRate, error)
}

// RateRequest is what a RateProvider is asked.
type RateRequest struct {
	Currency money.Currency `cbor:"1,keyasint"`
	Day      string         `cbor:"2,keyasint"`
	Address  Address        `cbor:"3,keyasint"`
	Carriers []string       `cbor:"4,keyasint"`
	Grams    int64          `cbor:"5,keyasint"`
	Units    int64          `cbor:"6,keyasint"`
	Value    int64          `cbor:"7,keyasint"` // of the goods after discounts, minor units
	// CubicCM and LongestMM are 0 if the catalog does not know the size of a unit.
	CubicCM   int64 `cbor:"8,keyasint,omitempty"` // all units together
	LongestMM int64 `cbor:"9,keyasint,omitempty"` // the longest side of any unit
}

// CarrierRate is what a carrier charges, in minor units of the request's
// currency; with tax where the store's prices contain it.
type CarrierRate struct {
	Price            int64
	MinDays, MaxDays int
}

// Options are what a store may do in ways of its own.
type Options struct {
	// Taxes, if there is one, is asked in place of the tax zones.
	Taxes TaxProvider
	// Rates is asked for the shipping methods that name a Carrier.
	Rates RateProvider
	// Deadline bounds each question to a provider; 0 is two seconds.
	Deadline time.Duration
	// StrictTaxes refuses to sell a cart while Taxes does not answer for it: what
	// it costs is an estimate then, and a problem says so. Otherwise the tax zones
	// stand in for the provider.
	StrictTaxes bool
}

const (
	usualDeadline = 2 * time.Second
	// pauseAfterFailure is how long what failed is left alone.
	pauseAfterFailure = 10 * time.Second
	// failuresOfAProvider is how many different requests must have failed in a
	// row before that is the provider's fault and not theirs.
	failuresOfAProvider = 3
)

// breaker keeps a request that failed from being made for a while, and a
// provider that fails from being asked at all, so that one that is down does
// not cost every cart a deadline.
type breaker struct {
	mu     sync.Mutex
	until  time.Time
	failed map[string]time.Time // by request: until when it is not made again
}

// open reports whether a request is not to be made now.
func (b *breaker) open(now time.Time, request string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.until) || now.Before(b.failed[request])
}

// note keeps in mind how a request went.
func (b *breaker) note(now time.Time, request string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		clear(b.failed)
		return
	}
	maps.DeleteFunc(b.failed, func(_ string, until time.Time) bool { return !now.Before(until) })
	if b.failed == nil {
		b.failed = map[string]time.Time{}
	}
	b.failed[request] = now.Add(pauseAfterFailure)
	if len(b.failed) >= failuresOfAProvider {
		b.until = now.Add(pauseAfterFailure)
		clear(b.failed)
	}
}

// refused returns the code for a request that a provider has refused, 0 if it
// has not. What it did not find is in the request, and no thing of the store's.
func refused(err error) fault.Code {
	switch code := fault.CodeOf(err); code {
	case fault.Invalid, fault.Refused:
		return code
	case fault.NotFound:
		return fault.Invalid
	}
	return 0
}

// ask gets an answer from the cache or from a provider, in time.
func ask[A any](ctx context.Context, s *Service, b *breaker, what string, request any, call func(context.Context) (A, error)) (A, error) {
	var none A
	body, err := command.Marshal(request)
	if err != nil {
		return none, err
	}
	key := fmt.Sprintf("%s:%x", what, sha256.Sum256(body))
	v, err := s.cache.Get(key, func() (any, error) {
		now := s.engine.Now()
		if b.open(now, key) {
			return nil, fault.New(fault.Unavailable, "%s does not answer", what)
		}
		deadline := s.options.Deadline
		if deadline == 0 {
			deadline = usualDeadline
		}
		// Others may wait for this answer: it has a deadline of its own.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deadline)
		defer cancel()
		answer, err := call(ctx)
		if code := refused(err); code != 0 {
			return nil, fault.Wrap(code, err, "asking %s", what)
		}
		b.note(now, key, err)
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "asking %s", what)
		}
		return answer, nil
	})
	if err != nil {
		return none, err
	}
	return v.(A), nil
}

// Quote prices an input by rules as Rules.Price does, and asks the providers
// for what the rules leave to them. A carrier that does not answer is not
// offered. If taxes may not be estimated and cannot be had, it returns the
// estimate with a *TaxesError: it can be shown, and not be sold by.
func (s *Service) Quote(ctx context.Context, r *Rules, in Input) (Quote, error) {
	q, err := r.Price(in)
	if err != nil {
		return Quote{}, err
	}
	if s.options.Rates != nil && s.askCarriers(ctx, r, &q, &in) {
		if q, err = r.Price(in); err != nil {
			return Quote{}, err
		}
	}
	if s.options.Taxes == nil || q.TaxExempt != "" || len(q.Lines) == 0 || !in.goesSomewhere(r) {
		return q, nil
	}
	answer, err := s.askTaxes(ctx, r, &q, &in)
	switch {
	case err == nil:
		in.Taxes = answer
		return r.Price(in)
	}
	q.Estimated = true
	if s.options.StrictTaxes {
		return q, &TaxesError{Refused: refused(err) != 0, Detail: err.Error()}
	}
	return q, nil
}

// askCarriers asks what carriers charge for each delivery. It reports whether
// any has answered.
func (s *Service) askCarriers(ctx context.Context, r *Rules, q *Quote, in *Input) (any bool) {
	in.More = slices.Clone(in.More)
	for i := range 1 + len(in.More) {
		to := in.to(i)
		carriers := r.carriers(to.Address)
		if len(carriers) == 0 {
			continue
		}
		request := q.rateRequest(r, in, i, carriers)
		rates, err := ask(ctx, s, &s.ratesBreaker, "the carriers' rates", request, func(ctx context.Context) (map[string]CarrierRate, error) {
			return s.options.Rates.Rates(ctx, request)
		})
		switch {
		case err != nil:
		case i == 0:
			in.Carriers, any = rates, true
		default:
			in.More[i-1].Carriers, any = rates, true
		}
	}
	return any
}

// askTaxes asks for the taxes of each delivery, and puts the answers together.
func (s *Service) askTaxes(ctx context.Context, r *Rules, q *Quote, in *Input) (*TaxAnswer, error) {
	rows := q.taxRows(in)
	all := &TaxAnswer{Rows: make([][]Tax, len(rows))}
	for i := range 1 + len(in.More) {
		request := q.taxRequest(r, in, i, rows)
		if len(request.Rows) == 0 || in.to(i).TaxExempt != "" {
			continue
		}
		answer, err := ask(ctx, s, &s.taxesBreaker, "the tax provider", request, func(ctx context.Context) (TaxAnswer, error) {
			answer, err := s.options.Taxes.Taxes(ctx, request)
			if err == nil {
				err = answer.check(request)
			}
			return answer, err
		})
		if err != nil {
			return nil, err
		}
		n := 0
		for row := range rows {
			if rows[row].to == i {
				all.Rows[row] = answer.Rows[n]
				n++
			}
		}
	}
	return all, nil
}

// to returns a delivery of the input: 0 is its own.
func (in *Input) to(i int) Delivery {
	if i == 0 {
		return Delivery{Address: in.Address, Method: in.Method, TaxExempt: in.TaxExempt, Carriers: in.Carriers}
	}
	return in.More[i-1]
}

// goesSomewhere reports whether it is known where all goods go.
func (in *Input) goesSomewhere(r *Rules) bool {
	if r.Settings.Home.Country != "" {
		return true
	}
	for i := range 1 + len(in.More) {
		if in.to(i).Address.Country == "" && (in.has(i) || len(in.More) == 0) {
			return false
		}
	}
	return true
}

// has reports whether a delivery has lines.
func (in *Input) has(to int) bool {
	return slices.ContainsFunc(in.Lines, func(l Line) bool { return l.Delivery == to })
}

func day(at Moment) string { return at.Time().Format(time.DateOnly) }

// rateRequest asks for one delivery.
func (q *Quote) rateRequest(r *Rules, in *Input, to int, carriers []string) RateRequest {
	out := RateRequest{Currency: in.Currency, Day: day(in.At), Address: in.to(to).Address, Carriers: carriers}
	if out.Address.Country == "" {
		out.Address = r.Settings.Home
	}
	var s size
	for i, l := range in.Lines {
		if l.Delivery != to {
			continue
		}
		_ = s.add(l) // the lines have been priced
		out.Grams += l.Quantity * l.WeightGrams
		out.Units += l.Quantity
		out.Value += q.Lines[i].Total - q.Lines[i].Discount
	}
	if !s.unknown {
		out.CubicCM, out.LongestMM = s.cubicCentimetres(), s.longest
	}
	return out
}

// taxRow is a row that may be taxed, and the delivery that it goes with.
type taxRow struct {
	TaxRow
	to int
}

// taxRows lists the rows as Rules.Price counts them: the lines, shipping, fees.
func (q *Quote) taxRows(in *Input) []taxRow {
	out := make([]taxRow, 0, len(in.Lines)+1)
	for i, l := range in.Lines {
		amount := q.Lines[i].Total - q.Lines[i].Discount
		if l.Voucher {
			amount = 0
		}
		out = append(out, taxRow{TaxRow{SKU: l.SKU, Category: l.TaxCategory, Quantity: l.Quantity, Amount: amount, TaxIncluded: q.Lines[i].TaxIncluded}, l.Delivery})
	}
	first := -1
	for i := range 1 + len(in.More) {
		shipping := &q.Shipping
		if i > 0 {
			shipping = &q.More[i-1].Shipping
		}
		if shipping.Method != "" {
			out = append(out, taxRow{TaxRow{Category: shipping.taxCategory, Quantity: 1, Amount: shipping.Amount, TaxIncluded: q.TaxIncluded}, i})
		}
		if first < 0 && in.has(i) {
			first = i
		}
	}
	for _, f := range q.Fees {
		to := first
		if f.Line > 0 {
			to = in.Lines[f.Line-1].Delivery
		}
		if !f.untaxed {
			out = append(out, taxRow{TaxRow{Fee: f.Fee, Category: f.taxCategory, Quantity: f.quantity, Amount: f.Amount, TaxIncluded: f.included}, to})
		}
	}
	return out
}

// taxRequest asks for the rows of one delivery.
func (q *Quote) taxRequest(r *Rules, in *Input, to int, rows []taxRow) TaxRequest {
	out := TaxRequest{Currency: in.Currency, Day: day(in.At), Address: in.to(to).Address, TaxIncluded: q.TaxIncluded}
	if out.Address.Country == "" {
		out.Address = r.Settings.Home
	}
	for _, row := range rows {
		if row.to == to {
			out.Rows = append(out.Rows, row.TaxRow)
		}
	}
	return out
}

// check refuses an answer that is none.
func (a TaxAnswer) check(r TaxRequest) error {
	if len(a.Rows) != len(r.Rows) {
		return fault.New(fault.Unavailable, "it answered %d rows of %d", len(a.Rows), len(r.Rows))
	}
	for i, taxes := range a.Rows {
		sum := int64(0)
		for _, t := range taxes {
			if sum += t.Amount; t.Amount < 0 || sum < 0 || r.Rows[i].TaxIncluded && sum > r.Rows[i].Amount {
				return fault.New(fault.Unavailable, "it answered a tax of %d on row %d of %d", t.Amount, i+1, r.Rows[i].Amount)
			}
		}
	}
	return nil
}
