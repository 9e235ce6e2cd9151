package httpapi

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/payments"
)

// OrderPayment is what a further payment for an order came to.
type OrderPayment struct {
	Order   Order       `json:"order"`
	Payment Payment     `json:"payment"`
	Due     Money       `json:"due" doc:"What is still to be paid and nobody is paying; it may be below nothing."`
	Next    *NextAction `json:"next_action,omitempty" doc:"What the shopper must do before the payment can go on."`
}

// PaymentMethod is a means of payment that a customer keeps.
type PaymentMethod struct {
	ID           string `json:"id" doc:"Takes the place of a token when its customer pays."`
	Provider     string `json:"provider"`
	Default      bool   `json:"default"`
	Brand        string `json:"brand,omitempty"`
	Last4        string `json:"last4,omitempty"`
	ExpiresMonth int    `json:"expires_month,omitempty"`
	ExpiresYear  int    `json:"expires_year,omitempty"`
}

// payOrderID is the operation that pays what is due for an order.
const payOrderID = "pay-order"

// resumePaymentID is the operation that goes on paying for an order.
const resumePaymentID = "resume-payment"

func (a *api) addFurther() {
	add(a, route{forOrderOwner, "POST", "/orders/{order}/payments", payOrderID, "Orders", "Pay what is due for a placed order", 0, false}, a.payOrder)
	add(a, route{forOrderOwner, "POST", "/orders/{order}/payments/resume", resumePaymentID, "Orders", "Go on after the shopper has acted", 0, false}, a.resumePayment)
	add(a, route{forStaff, "POST", "/staff/payments/{payment}/abandon", "abandon-payment", "Payments", "Give a further payment up that is not decided", 0, false}, a.abandonPayment)
	add(a, route{forCustomer, "GET", "/payment-methods", "list-payment-methods", "Customers", "List the means of payment that one keeps", 0, false}, a.listMethods)
	add(a, route{forCustomer, "POST", "/payment-methods", "save-payment-method", "Customers", "Keep a means of payment", 201, false}, a.saveMethod)
	add(a, route{forCustomer, "POST", "/payment-methods/{method}/default", "prefer-payment-method", "Customers", "Ask first whether to pay with this", 0, false}, a.preferMethod)
	add(a, route{forCustomer, "DELETE", "/payment-methods/{method}", "remove-payment-method", "Customers", "Keep a means of payment no longer", 0, false}, a.removeMethod)
}

type payOrderInput struct {
	Keyed
	OrderRef
	Body struct {
		PayWith      string      `json:"pay_with,omitempty" maxLength:"64" doc:"The payment provider."`
		Token        string      `json:"token,omitempty" maxLength:"255" doc:"The provider's name for the means of payment, or the ID of one that the customer keeps. Never a card number."`
		Amount       *MoneyInput `json:"amount,omitempty" doc:"Missing is all that is due."`
		Method       string      `json:"method,omitempty" maxLength:"64"`
		Installments int         `json:"installments,omitempty" minimum:"0" maximum:"120"`
	}
}

func (a *api) payOrder(ctx context.Context, in *payOrderInput) (*answer[OrderPayment], error) {
	if !a.paysWith(in.Body.PayWith) {
		return nil, notOffered("body.pay_with")
	}
	c := checkout.Pay{Order: in.id(), Key: in.Key}
	c.PayWith, c.Token, c.Method, c.Installments = in.Body.PayWith, in.Body.Token, in.Body.Method, in.Body.Installments
	if in.Body.Amount != nil {
		amount, err := in.Body.Amount.amount("body.amount")
		if err != nil {
			return nil, err
		}
		c.Amount = &amount
	}
	p, err := a.shop.Checkout.Pay(ctx, c)
	if err != nil {
		return nil, err
	}
	return a.showPaid(ctx, p)
}

func (a *api) showPaid(ctx context.Context, p checkout.Paid) (*answer[OrderPayment], error) {
	due, err := a.shop.Checkout.Due(ctx, p.Order.ID)
	if err != nil {
		due = p.Order.Outstanding() // of an order that is not placed any more
	}
	out := &answer[OrderPayment]{Body: OrderPayment{Order: showOrder(p.Order), Payment: showPayment(p.Payment), Due: moneyOf(due)}}
	out.Body.Next = showNext(p.Payment.Next)
	return out, nil
}

type resumePaymentInput struct {
	Repeatable
	OrderRef
}

func (a *api) resumePayment(ctx context.Context, in *resumePaymentInput) (*answer[List[Payment]], error) {
	if _, err := a.shop.Checkout.Resume(ctx, in.id()); err != nil {
		return nil, err
	}
	return a.listPayments(ctx, &orderFields{in.OrderRef})
}

// PaymentRef names a payment.
type PaymentRef struct {
	Payment string `path:"payment" maxLength:"64" doc:"A payment's ID."`
}

type abandonPaymentInput struct {
	Repeatable
	PaymentRef
}

func (a *api) abandonPayment(ctx context.Context, in *abandonPaymentInput) (*answer[OrderPayment], error) {
	p, err := a.shop.Checkout.AbandonPayment(ctx, payments.ID(in.Payment))
	if err != nil {
		return nil, err
	}
	return a.showPaid(ctx, p)
}

func (a *api) listMethods(ctx context.Context, _ *struct{}) (*answer[List[PaymentMethod]], error) {
	all, err := a.shop.Payments.Methods(ctx, callerOf(ctx).Customer)
	if err != nil {
		return nil, err
	}
	out := &answer[List[PaymentMethod]]{Body: List[PaymentMethod]{Items: make([]PaymentMethod, len(all))}}
	for i, m := range all {
		out.Body.Items[i] = showMethod(m)
	}
	return out, nil
}

type saveMethodInput struct {
	Keyed
	Body struct {
		Provider string `json:"provider" minLength:"1" maxLength:"64"`
		Token    string `json:"token" minLength:"1" maxLength:"255" doc:"What the provider gave the browser. Never a card number."`
		Default  bool   `json:"default,omitempty"`
	}
}

func (a *api) saveMethod(ctx context.Context, in *saveMethodInput) (*answer[PaymentMethod], error) {
	if !a.paysWith(in.Body.Provider) {
		return nil, notOffered("body.provider")
	}
	m, err := a.shop.Payments.SaveMethod(ctx, payments.SaveMethod{
		Customer: callerOf(ctx).Customer, Provider: in.Body.Provider, Token: seal.Personal(in.Body.Token), Default: in.Body.Default, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return &answer[PaymentMethod]{Body: showMethod(m)}, nil
}

type methodInput struct {
	Keyed
	Method string `path:"method" maxLength:"64" doc:"The ID of a means of payment that the customer keeps."`
}

func (in methodInput) of(ctx context.Context) (accounts.CustomerID, payments.MethodID) {
	return callerOf(ctx).Customer, payments.MethodID(in.Method)
}

func (a *api) preferMethod(ctx context.Context, in *methodInput) (*answer[List[PaymentMethod]], error) {
	customer, method := in.of(ctx)
	if err := a.shop.Payments.PreferMethod(ctx, payments.PreferMethod{Customer: customer, Method: method, Key: in.Key}); err != nil {
		return nil, err
	}
	return a.listMethods(ctx, nil)
}

func (a *api) removeMethod(ctx context.Context, in *methodInput) (*struct{}, error) {
	customer, method := in.of(ctx)
	return nil, a.shop.Payments.RemoveMethod(ctx, payments.RemoveMethod{Customer: customer, Method: method, Key: in.Key})
}

func showMethod(m payments.Method) PaymentMethod {
	return PaymentMethod{
		ID: string(m.ID), Provider: m.Provider, Default: m.Default, Brand: m.Brand, Last4: m.Last4, ExpiresMonth: m.ExpiresMonth, ExpiresYear: m.ExpiresYear,
	}
}
