package stripe

import (
	"cmp"
	"time"

	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// voucher returns what a shopper needs who pays elsewhere, within days, what
// Stripe says requires an action: it waits for the money, and by nothing that
// the browser does. It returns nil if the browser has something to do.
func voucher(i *stripe.PaymentIntent) *payments.NextAction {
	a := i.NextAction
	if a == nil {
		return nil
	}
	switch {
	case a.BoletoDisplayDetails != nil:
		d := a.BoletoDisplayDetails
		return show(cmp.Or(d.HostedVoucherURL, d.PDF), d.ExpiresAt, payments.Detail{Name: "number", Value: d.Number})
	case a.OXXODisplayDetails != nil:
		d := a.OXXODisplayDetails
		return show(d.HostedVoucherURL, d.ExpiresAfter, payments.Detail{Name: "number", Value: d.Number})
	case a.KonbiniDisplayDetails != nil:
		return show(a.KonbiniDisplayDetails.HostedVoucherURL, a.KonbiniDisplayDetails.ExpiresAt)
	case a.MultibancoDisplayDetails != nil:
		d := a.MultibancoDisplayDetails
		return show(d.HostedVoucherURL, d.ExpiresAt, payments.Detail{Name: "entity", Value: d.Entity}, payments.Detail{Name: "reference", Value: d.Reference})
	case a.PixDisplayQRCode != nil:
		d := a.PixDisplayQRCode
		return show(d.HostedInstructionsURL, d.ExpiresAt, payments.Detail{Name: "number", Value: d.Data})
	case a.DisplayBankTransferInstructions != nil:
		d := a.DisplayBankTransferInstructions
		return show(d.HostedInstructionsURL, 0, append(accounts(d), payments.Detail{Name: "reference", Value: d.Reference})...)
	}
	return nil
}

// show leaves out what is empty. Stripe counts seconds.
func show(url string, expires int64, details ...payments.Detail) *payments.NextAction {
	n := &payments.NextAction{Kind: payments.Voucher, URL: url}
	if expires > 0 {
		n.ExpiresAt = time.Unix(expires, 0).UnixMilli()
	}
	for _, d := range details {
		if d.Value != "" {
			n.Details = append(n.Details, d)
		}
	}
	return n
}

// accounts are where to a transfer may go. Of other systems of accounts than
// these, the page of instructions tells.
func accounts(t *stripe.PaymentIntentNextActionDisplayBankTransferInstructions) (out []payments.Detail) {
	for _, a := range t.FinancialAddresses {
		switch {
		case a.IBAN != nil:
			out = append(out, payments.Detail{Name: "account_holder", Value: a.IBAN.AccountHolderName},
				payments.Detail{Name: "iban", Value: a.IBAN.IBAN}, payments.Detail{Name: "bic", Value: a.IBAN.BIC})
		case a.SortCode != nil:
			out = append(out, payments.Detail{Name: "account_holder", Value: a.SortCode.AccountHolderName},
				payments.Detail{Name: "sort_code", Value: a.SortCode.SortCode}, payments.Detail{Name: "account_number", Value: a.SortCode.AccountNumber})
		case a.Spei != nil:
			out = append(out, payments.Detail{Name: "bank", Value: a.Spei.BankName}, payments.Detail{Name: "clabe", Value: a.Spei.Clabe})
		}
	}
	return out
}
