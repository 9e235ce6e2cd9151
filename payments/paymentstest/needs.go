package paymentstest

import "github.com/keelshop/commerce/payments"

// What some tests need of a provider: why they are left out, "" if they are not.

func lacks(missing bool, why string) string {
	if missing {
		return why
	}
	return ""
}

func needsBooks(h Harness) string { return lacks(h.Bookless, "the provider keeps no books") }

func needsDeclines(h Harness) string { return lacks(h.Decline == "", "no token is declined") }

func needsChallenges(h Harness) string {
	return lacks(h.Challenge == "", "no token asks for anything")
}

func needsBrowser(h Harness) string { return lacks(h.Browser == nil, "no browser confirms") }

func needsVouchers(h Harness) string { return lacks(h.Voucher == "", "no token is paid elsewhere") }

func needsPrepares(h Harness) string {
	_, ok := h.Provider.(payments.Preparer)
	return lacks(!ok, "the provider is no Preparer")
}

func needsKeeps(h Harness) string {
	_, ok := h.Provider.(payments.Vault)
	return lacks(!ok || h.Approve == "", "the provider keeps no means of payment, or no token is approved")
}

func needsLists(h Harness) string {
	_, ok := h.Provider.(payments.Lister)
	return lacks(!ok, "the provider lists no payments")
}

func needsClock(h Harness) string {
	if why := needsLists(h); why != "" {
		return why
	}
	return lacks(h.SetClock == nil, "the provider has no clock")
}

func needsCaptures(h Harness) string {
	if why := needsBooks(h); why != "" {
		return why
	}
	return lacks(h.OneCapture, "a payment is captured once")
}

func needsPendingRefunds(h Harness) string {
	return lacks(h.PendingRefund == "", "no token has refunds that are decided later")
}

func needsFailedRefunds(h Harness) string {
	return lacks(h.FailedRefund == "", "no token has refunds that fail")
}

func needsCurrencies(h Harness) string {
	return lacks(len(h.Currencies) == 0, "the provider takes one currency")
}

func needsWebhooks(h Harness) string {
	_, ok := h.Provider.(payments.Listener)
	return lacks(!ok || h.Event == nil || h.Sign == nil, "the provider sends no webhooks")
}
