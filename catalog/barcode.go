package catalog

import (
	"fmt"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// BarcodeError says that the last digit of a GTIN does not fit the others, so
// that one of them is wrong.
type BarcodeError struct {
	Barcode string
	Want    string // the check digit that the others call for
}

func (e *BarcodeError) Error() string {
	return fmt.Sprintf("barcode %q is mistyped: its check digit would be %s", e.Barcode, e.Want)
}

// Unwrap returns fault.Invalid.
func (e *BarcodeError) Unwrap() error { return fault.Invalid }

// CheckBarcode returns a *BarcodeError if a barcode of 8, 12, 13 or 14 digits,
// which is a GTIN after the GS1 General Specifications, has a wrong check
// digit. Any other text of up to 100 bytes is a code of the shop's own.
func CheckBarcode(barcode string) error {
	if err := checkName("barcode", "barcode", barcode); err != nil {
		return err
	}
	switch len(barcode) {
	case 8, 12, 13, 14:
	default:
		return nil
	}
	if strings.Trim(barcode, "0123456789") != "" {
		return nil
	}
	last := len(barcode) - 1
	sum := 0
	for i := range last {
		weight := 1
		if (last-i)%2 == 1 { // counted from the right, beside the check digit
			weight = 3
		}
		sum += weight * int(barcode[i]-'0')
	}
	want := string(rune('0' + (10-sum%10)%10))
	if barcode[last:] != want {
		return &BarcodeError{Barcode: barcode, Want: want}
	}
	return nil
}

func checkBarcodes(sku SKU, barcodes []string) error {
	if len(barcodes) > mostBarcodes {
		return fault.Wrong("barcodes", "variant %q has %d barcodes; the limit is %d", sku, len(barcodes), mostBarcodes)
	}
	seen := map[string]bool{}
	for i, b := range barcodes {
		if err := CheckBarcode(b); err != nil {
			return &fault.FieldError{Field: fault.Item("barcodes", i), Err: err}
		}
		if seen[b] {
			return fault.Wrong(fault.Item("barcodes", i), "variant %q has the barcode %q twice", sku, b)
		}
		seen[b] = true
	}
	return nil
}
