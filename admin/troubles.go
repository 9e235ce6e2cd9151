package admin

import (
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

type troublesPage struct {
	page
	Troubles      []payments.Trouble
	Discrepancies []payments.Discrepancy
}

// listTroubles shows the payments that somebody has to look at.
func listTroubles(v *visit) error {
	data := troublesPage{page: v.page("Payments to look at", "troubles")}
	for t, err := range v.site.shop.Payments.Troubles(v.ctx()) {
		if err != nil {
			return err
		}
		if data.Troubles = append(data.Troubles, t); len(data.Troubles) == pageRows {
			break
		}
	}
	for d, err := range v.site.shop.Payments.Discrepancies(v.ctx(), false) {
		if err != nil {
			return err
		}
		if data.Discrepancies = append(data.Discrepancies, d); len(data.Discrepancies) == pageRows {
			break
		}
	}
	return v.show(200, "troubles", data)
}

// resolve books what somebody found out about a payment.
func resolve(v *visit) error {
	operation, err := v.count("operation")
	if err != nil {
		return err
	}
	_, err = v.site.shop.Checkout.Resolve(v.ctx(), checkout.Resolve{
		Payment: payments.ID(v.r.PathValue("payment")), Operation: int(operation), State: payments.State(v.r.PostFormValue("state")),
		Reference: v.r.PostFormValue("reference"), Reason: v.r.PostFormValue("reason"), Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/troubles", "saved")
}

// recordRefund books money that was given back otherwise.
func recordRefund(v *visit) error {
	_, err := v.site.shop.Payments.RecordRefund(v.ctx(), payments.RecordRefund{
		Attempt: payments.ID(v.r.PathValue("payment")), Reference: v.r.PostFormValue("reference"), Reason: v.r.PostFormValue("reason"), Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/troubles", "saved")
}

// clearDiscrepancy says that somebody has looked at what books differ about.
func clearDiscrepancy(v *visit) error {
	err := v.site.shop.Payments.Clear(v.ctx(), payments.Clear{
		Differs: payments.DiscrepancyKind(v.r.PostFormValue("kind")), Provider: v.r.PostFormValue("provider"),
		Payment: v.r.PostFormValue("payment"), Note: v.r.PostFormValue("note"), Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/troubles", "saved")
}

// grantRefund decides that money is paid back; who handles money pays it.
func grantRefund(v *visit) error {
	order, version, err := v.formOrder()
	if err != nil {
		return err
	}
	lines, err := v.quantities()
	if err != nil {
		return err
	}
	c := orders.GrantRefund{Order: order, Reason: v.r.PostFormValue("reason"), Version: version, Key: v.key()}
	for _, l := range lines {
		c.Lines = append(c.Lines, orders.RefundLine{Line: l.Line, Quantity: l.Quantity})
	}
	if _, err := v.site.shop.Orders.GrantRefund(v.ctx(), c); err != nil {
		return err
	}
	return v.done("/orders/"+string(order), "saved")
}
