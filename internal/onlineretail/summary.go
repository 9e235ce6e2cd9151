package onlineretail

import (
	"math"
	"time"

	"github.com/keelshop/commerce/money"
)

// Summary is the account of one run. Its JSON is the last line that the run prints.
type Summary struct {
	LinesIn  int          `json:"lines_in"` // rows of the file: Accepted and all of Refused
	Accepted int          `json:"accepted"` // sale rows and return rows
	Refused  map[Rule]int `json:"refused"`  // rows for each rule that refused any

	OrdersPlaced int `json:"orders_placed"`
	Returns      int `json:"returns"` // accepted return rows
	Refunds      int `json:"refunds"` // payments back: one for each cancelled invoice and order it came back from

	// Decimal strings by ISO 4217 currency. Net is gross less refunded.
	Gross    map[money.Currency]string `json:"gross"`    // the sum of accepted sale rows
	Refunded map[money.Currency]string `json:"refunded"` // the sum of accepted return rows, not negative
	Net      map[money.Currency]string `json:"net"`

	Seconds         float64 `json:"seconds"`
	OrdersPerSecond float64 `json:"orders_per_second"`
	LinesPerSecond  float64 `json:"lines_per_second"`
}

// Summary adds up what became of every row. What an earlier run had done already counts like the rest, so that the
// totals of an interrupted and resumed run equal those of an undisturbed one. It returns an *UnfinishedError when
// an operation has not ended.
func (o *Outcome) Summary(elapsed time.Duration) (Summary, error) {
	if err := o.finished(); err != nil {
		return Summary{}, err
	}
	s := Summary{LinesIn: len(o.plan.rows), Refused: make(map[Rule]int)}
	gross, refunded := o.countRows(&s)
	o.countOperations(&s)
	s.Gross = total(gross)
	s.Refunded = total(refunded)
	s.Net = total(gross - refunded)
	s.Seconds = round(elapsed.Seconds(), 3)
	if seconds := elapsed.Seconds(); seconds > 0 {
		s.OrdersPerSecond = round(float64(s.OrdersPlaced)/seconds, 1)
		s.LinesPerSecond = round(float64(s.LinesIn)/seconds, 1)
	}
	return s, nil
}

// countRows needs no check for overflow: the plan has seen to it that all amounts add up within int64.
func (o *Outcome) countRows(s *Summary) (grossPence, refundedPence int64) {
	for i := range o.plan.rows {
		row := &o.plan.rows[i]
		if rule := o.rules[i]; rule != "" {
			s.Refused[rule]++
			continue
		}
		s.Accepted++
		if o.plan.operations[row.operation].Return != nil {
			s.Returns++
			refundedPence -= row.pence
			continue
		}
		grossPence += row.pence
	}
	return grossPence, refundedPence
}

func (o *Outcome) countOperations(s *Summary) {
	for _, operation := range o.plan.operations {
		if operation.Return != nil {
			s.Refunds += len(o.Refunds(operation.Return))
			continue
		}
		if o.OrderID(operation.Place) != "" {
			s.OrdersPlaced++
		}
	}
}

func total(pence int64) map[money.Currency]string {
	return map[money.Currency]string{Currency: money.New(pence, Currency).Decimal()}
}

// round is for rates and seconds only; no amount of money passes through it.
func round(x float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(x*scale) / scale
}
