package money

import "strings"

// Currency is an ISO 4217 alphabetic code such as "EUR". The empty Currency is that of the zero [Amount].
type Currency string

// table lists the currencies in which amounts can be kept, sorted, each with the number of digits that ISO 4217
// gives its minor unit. Codes without a minor unit (gold, the unit of account of a bank, "no currency") are left out.
//
// Orders outlive currencies: an entry is never removed and its digits never change. ANG, BGN, CUC, HRK, SLL and ZWL
// have been withdrawn since 2021.
const table = "" +
	"AED2 AFN2 ALL2 AMD2 ANG2 AOA2 ARS2 AUD2 AWG2 AZN2 " +
	"BAM2 BBD2 BDT2 BGN2 BHD3 BIF0 BMD2 BND2 BOB2 BOV2 BRL2 BSD2 BTN2 BWP2 BYN2 BZD2 " +
	"CAD2 CDF2 CHE2 CHF2 CHW2 CLF4 CLP0 CNY2 COP2 COU2 CRC2 CUC2 CUP2 CVE2 CZK2 " +
	"DJF0 DKK2 DOP2 DZD2 " +
	"EGP2 ERN2 ETB2 EUR2 " +
	"FJD2 FKP2 " +
	"GBP2 GEL2 GHS2 GIP2 GMD2 GNF0 GTQ2 GYD2 " +
	"HKD2 HNL2 HRK2 HTG2 HUF2 " +
	"IDR2 ILS2 INR2 IQD3 IRR2 ISK0 " +
	"JMD2 JOD3 JPY0 " +
	"KES2 KGS2 KHR2 KMF0 KPW2 KRW0 KWD3 KYD2 KZT2 " +
	"LAK2 LBP2 LKR2 LRD2 LSL2 LYD3 " +
	"MAD2 MDL2 MGA2 MKD2 MMK2 MNT2 MOP2 MRU2 MUR2 MVR2 MWK2 MXN2 MXV2 MYR2 MZN2 " +
	"NAD2 NGN2 NIO2 NOK2 NPR2 NZD2 " +
	"OMR3 " +
	"PAB2 PEN2 PGK2 PHP2 PKR2 PLN2 PYG0 " +
	"QAR2 " +
	"RON2 RSD2 RUB2 RWF0 " +
	"SAR2 SBD2 SCR2 SDG2 SEK2 SGD2 SHP2 SLE2 SLL2 SOS2 SRD2 SSP2 STN2 SVC2 SYP2 SZL2 " +
	"THB2 TJS2 TMT2 TND3 TOP2 TRY2 TTD2 TWD2 TZS2 " +
	"UAH2 UGX0 USD2 USN2 UYI0 UYU2 UYW4 UZS2 " +
	"VED2 VES2 VND0 VUV0 " +
	"WST2 " +
	"XAD2 XAF0 XCD2 XCG2 XOF0 XPF0 " +
	"YER2 " +
	"ZAR2 ZMW2 ZWG2 ZWL2 "

const entrySize = len("EUR2 ")

// ParseCurrency returns the currency with the given code: three capital letters, nothing around them.
func ParseCurrency(code string) (Currency, error) {
	if err := Currency(code).Check(); err != nil {
		return "", err
	}
	return Currency(code), nil
}

// Check returns an [UnknownCurrencyError] unless c is a currency of ISO 4217 that has minor units.
func (c Currency) Check() error {
	if _, ok := c.find(); !ok {
		return unknownCurrency(c)
	}
	return nil
}

// Digits returns how many digits after the decimal point the currency's amounts have: 2 for EUR, 0 for JPY, 3 for
// KWD. It is 0 for a currency that is not in the table.
func (c Currency) Digits() int {
	digits, _ := c.find()
	return digits
}

// UnmarshalText accepts the code of a currency in the table, and the empty text for none.
func (c *Currency) UnmarshalText(text []byte) error {
	parsed := Currency(text)
	if err := parsed.Check(); err != nil && parsed != "" {
		return err
	}
	*c = parsed
	return nil
}

// Currencies returns all currencies of the table in alphabetical order.
func Currencies() []Currency {
	all := make([]Currency, 0, len(table)/entrySize)
	for i := 0; i < len(table); i += entrySize {
		all = append(all, Currency(table[i:i+3]))
	}
	return all
}

func (c Currency) find() (digits int, ok bool) {
	low, high := 0, len(table)/entrySize
	for low < high {
		middle := (low + high) / 2
		entry := table[middle*entrySize:]
		switch strings.Compare(string(c), entry[:3]) {
		case 0:
			return int(entry[3] - '0'), true
		case -1:
			high = middle
		default:
			low = middle + 1
		}
	}
	return 0, false
}

// wellFormed reports whether c looks like a code, in the table or not.
func (c Currency) wellFormed() bool {
	return len(c) == 3 && strings.Trim(string(c), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (c Currency) orNone() string {
	if c == "" {
		return "no currency"
	}
	return string(c)
}
