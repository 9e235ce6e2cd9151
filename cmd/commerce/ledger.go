package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

const ledgerHelp = `Usage: commerce ledger [--order ID] [--account NAME] DIR

Writes the double-entry ledger of the store in DIR to standard output, as CSV:
subject (the order, or the gift card or store credit), reference (the order's
name in another system), transaction, posting, account, currency, minor (the
amount in minor units, debits positive), amount (as a decimal number), at.

What a payment provider holds for the shop is on the account provider:NAME.

Flags:
`

func ledger(ctx context.Context, args []string, stdout, _ io.Writer) (err error) {
	var order, account string
	line := newCommandLine(ledgerHelp, "order", "account")
	line.StringVar(&order, "order", "", "only postings about the order `ID`")
	line.StringVar(&account, "account", "", "only postings on the account `NAME`, as in provider:stripe")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one directory, not %d", len(operands))
	}
	if _, err := os.Stat(operands[0]); err != nil {
		return err // Open would make a store of it
	}
	shop, err := commerce.Open(ctx, operands[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	w := bufio.NewWriter(stdout)
	f := payments.Filter{Order: orders.ID(order), Account: payments.Account(account)}
	if err := shop.Payments.WriteLedger(ctx, w, f); err != nil {
		return err
	}
	return w.Flush()
}
