// Package taxdata reads public tables of tax rates into tax zones.
//
// What such a table says is a beginning, not advice: its owners promise
// nothing, and neither does this package. Look at the zones before you put
// them, and again when rates change.
package taxdata

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// mostBytes bounds a table.
const mostBytes = 16 << 20

func decode(r io.Reader, what string, into any) error {
	d := json.NewDecoder(io.LimitReader(r, mostBytes))
	d.UseNumber() // rates are read digit by digit
	if err := d.Decode(into); err != nil {
		return fault.Wrap(fault.Invalid, err, "reading %s", what)
	}
	return nil
}

// percent reads a rate of so many percent.
func percent(n json.Number) (money.Rate, error) { return money.ParseRate(n.String() + "%") }

// date reads a day as the moment at which it begins in UTC; the year 0 is the
// beginning of time.
func date(s string) (pricing.Moment, error) {
	if strings.HasPrefix(s, "0000-") {
		return 0, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "reading a date")
	}
	return pricing.At(day), nil
}

// slug returns a name as a part of an ID.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == 'ü':
			b.WriteString("ue")
		case r == 'ö':
			b.WriteString("oe")
		case r == 'ä':
			b.WriteString("ae")
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// mostDigits bounds the postcodes that a pattern is tried on.
const mostDigits = 5

// areas returns the postcodes of digits that a pattern matches, as ranges of
// the leading digits that decide it.
func areas(country, pattern string) ([]pricing.Area, error) {
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the postcodes of %s", country)
	}
	for digits, end := 1, 10; digits <= mostDigits; digits, end = digits+1, end*10 {
		var out []pricing.Area
		open := false
		for n := range end {
			code := fmt.Sprintf("%0*d", digits, n)
			matches := re.MatchString(code)
			switch {
			case matches && open:
				out[len(out)-1].PostcodeTo = code
			case matches:
				out = append(out, pricing.Area{Country: country, PostcodeFrom: code, PostcodeTo: code})
			}
			open = matches
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, fault.New(fault.Invalid, "no postcode of up to %d digits in %s matches %q", mostDigits, country, pattern)
}

// sorted checks zones and returns them by ID.
func sorted(zones []pricing.TaxZone) ([]pricing.TaxZone, error) {
	for _, z := range zones {
		if err := z.Check(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(zones, func(a, b pricing.TaxZone) int { return strings.Compare(a.ID, b.ID) })
	return zones, nil
}
