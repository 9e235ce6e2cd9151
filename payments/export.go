package payments

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// ledgerColumns are the columns of an exported ledger.
var ledgerColumns = []string{"subject", "reference", "transaction", "posting", "account", "currency", "minor", "amount", "at"}

// WriteLedger writes the postings that a filter selects as CSV (RFC 4180), one
// row each under a row of names: the order or balance that it is about, the
// order's name in another system, the transaction and the number within it,
// the account, the currency, the amount in minor units and again as a decimal
// number, and the time in RFC 3339. Debits are positive. The rows of a
// transaction follow each other, and those of each currency add up to nothing.
func (s *Service) WriteLedger(ctx context.Context, w io.Writer, f Filter) error {
	out := csv.NewWriter(w)
	if err := out.Write(ledgerColumns); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	for p, err := range s.Ledger(ctx, f) {
		if err != nil {
			return err
		}
		err = out.Write([]string{
			string(p.Order), p.Reference, p.Txn, strconv.Itoa(p.Number), string(p.Account), string(p.Amount.Currency()),
			strconv.FormatInt(p.Amount.Minor(), 10), p.Amount.Decimal(), instant(p.At).Format(time.RFC3339),
		})
		if err != nil {
			return fmt.Errorf("writing the ledger: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	return nil
}
