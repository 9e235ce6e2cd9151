package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/payments"
)

// Trouble is something about a payment that somebody has to look at.
type Trouble struct {
	Kind      string    `json:"kind" enum:"stays_unknown,refund_fails,overcharged"`
	Order     string    `json:"order"`
	Payment   string    `json:"payment" doc:"Empty if it is about the whole order."`
	Operation int       `json:"operation,omitempty" doc:"Missing is the payment itself."`
	Provider  string    `json:"provider"`
	Amount    Money     `json:"amount"`
	State     string    `json:"state"`
	Decline   string    `json:"decline,omitempty"`
	Failed    int       `json:"failed,omitempty" doc:"How often a refund was refused."`
	Since     time.Time `json:"since"`
}

// Discrepancy is something that the store's books and a provider's do not agree
// about.
type Discrepancy struct {
	Kind     string    `json:"kind" enum:"unknown_payment,missing_payment,amount_differs,still_held,lost_payment"`
	Provider string    `json:"provider"`
	Payment  string    `json:"payment" doc:"Ours, or what the provider calls it."`
	Order    string    `json:"order,omitempty"`
	Ours     Money     `json:"ours"`
	Theirs   Money     `json:"theirs"`
	FoundAt  time.Time `json:"found_at"`
	Note     string    `json:"note,omitempty" doc:"Why a lost payment was not given back."`
}

// mostTroubles bounds the lists: more than this is one trouble.
const mostTroubles = 500

func (a *api) addStaffQueue() {
	add(a, route{forStaff, "GET", "/staff/payments/troubles", "list-troubles", "Payments", "List payments and refunds that somebody has to look at", 0, false}, a.listTroubles)
	add(a, route{forStaff, "POST", "/staff/payments/{payment}/resolutions", "resolve-payment", "Payments", "Say what became of a payment that no provider tells of", 0, false}, a.resolvePayment)
	add(a, route{forStaff, "POST", "/staff/payments/{payment}/recorded-refunds", "record-refund", "Payments", "Record money that was given back otherwise", 0, false}, a.recordRefund)
	add(a, route{forStaff, "GET", "/staff/discrepancies", "list-discrepancies", "Payments", "List what a provider's books do not agree about", 0, false}, a.listDiscrepancies)
	add(a, route{forStaff, "POST", "/staff/discrepancies/clear", "clear-discrepancy", "Payments", "Say that somebody has looked at a discrepancy", 0, false}, a.clearDiscrepancy)
}

func (a *api) listTroubles(ctx context.Context, _ *struct{}) (*answer[List[Trouble]], error) {
	out := &answer[List[Trouble]]{Body: List[Trouble]{Items: []Trouble{}}}
	for t, err := range a.shop.Payments.Troubles(ctx) {
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, Trouble{
			Kind: string(t.Kind), Order: string(t.Order), Payment: string(t.Payment), Operation: t.Operation, Provider: t.Provider,
			Amount: moneyOf(t.Amount), State: t.State, Decline: string(t.Decline), Failed: t.Failed, Since: t.Since,
		})
		if len(out.Body.Items) == mostTroubles {
			break
		}
	}
	return out, nil
}

type resolvePaymentInput struct {
	Keyed
	PaymentRef
	Body struct {
		Operation int    `json:"operation,omitempty" minimum:"0" maximum:"100000" doc:"Missing is the payment itself."`
		State     string `json:"state" enum:"authorized,captured,declined,canceled,voided,refunded"`
		Reference string `json:"reference,omitempty" maxLength:"255" doc:"What the provider calls it."`
		Reason    string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) resolvePayment(ctx context.Context, in *resolvePaymentInput) (*answer[Order], error) {
	o, err := a.shop.Checkout.Resolve(ctx, checkout.Resolve{
		Payment: payments.ID(in.Payment), Operation: in.Body.Operation, State: payments.State(in.Body.State),
		Reference: in.Body.Reference, Reason: in.Body.Reason, Key: in.Key,
	})
	return orderOr(o, 0, err)
}

type recordRefundInput struct {
	Keyed
	PaymentRef
	Body struct {
		Amount    *MoneyInput `json:"amount,omitempty" doc:"Missing is all that is owed."`
		Reference string      `json:"reference" minLength:"1" maxLength:"255" doc:"What the other way of paying calls it."`
		Reason    string      `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *api) recordRefund(ctx context.Context, in *recordRefundInput) (*answer[Operation], error) {
	amount, err := optional(in.Body.Amount, "body.amount")
	if err != nil {
		return nil, err
	}
	done, err := a.shop.Payments.RecordRefund(ctx, payments.RecordRefund{
		Attempt: payments.ID(in.Payment), Amount: amount, Reference: in.Body.Reference, Reason: in.Body.Reason, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return &answer[Operation]{Body: showOperation(done)}, nil
}

func (a *api) listDiscrepancies(ctx context.Context, _ *struct{}) (*answer[List[Discrepancy]], error) {
	out := &answer[List[Discrepancy]]{Body: List[Discrepancy]{Items: []Discrepancy{}}}
	for d, err := range a.shop.Payments.Discrepancies(ctx, false) {
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, Discrepancy{
			Kind: string(d.Kind), Provider: d.Provider, Payment: d.Key, Order: string(d.Order), Ours: moneyOf(d.Ours), Theirs: moneyOf(d.Theirs), FoundAt: d.FoundAt, Note: d.Note,
		})
		if len(out.Body.Items) == mostTroubles {
			break
		}
	}
	return out, nil
}

type clearDiscrepancyInput struct {
	Keyed
	Body struct {
		Kind     string `json:"kind" enum:"unknown_payment,missing_payment,amount_differs,still_held,lost_payment"`
		Provider string `json:"provider" minLength:"1" maxLength:"64"`
		Payment  string `json:"payment" minLength:"1" maxLength:"255"`
		Note     string `json:"note" minLength:"1" maxLength:"500" doc:"What was found."`
	}
}

func (a *api) clearDiscrepancy(ctx context.Context, in *clearDiscrepancyInput) (*answer[List[Discrepancy]], error) {
	err := a.shop.Payments.Clear(ctx, payments.Clear{
		Differs: payments.DiscrepancyKind(in.Body.Kind), Provider: in.Body.Provider, Payment: in.Body.Payment, Note: in.Body.Note, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return a.listDiscrepancies(ctx, nil)
}
