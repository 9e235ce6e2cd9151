package accounts

import "strings"

// postcodes are the forms of postcodes by ISO 3166-1: 9 is a digit, A a letter,
// spaces and dashes left out, | between several. Facts of national postal
// services, as the Universal Postal Union collects them. Of other countries
// nothing is known.
var postcodes = map[string]string{
	"AT": "9999", "AU": "9999", "BE": "9999", "BG": "9999", "BR": "99999999", "CA": "A9A9A9", "CH": "9999", "CN": "999999",
	"CY": "9999", "CZ": "99999", "DE": "99999", "DK": "9999", "EE": "99999", "ES": "99999", "FI": "99999", "FR": "99999",
	"GB": "A99AA|A999AA|AA99AA|AA999AA|A9A9AA|AA9A9AA", "GR": "99999", "HR": "99999", "HU": "9999", "IL": "9999999|99999",
	"IN": "999999", "IS": "999", "IT": "99999", "JP": "9999999", "KR": "99999", "LI": "9999", "LT": "99999", "LU": "9999|L9999",
	"LV": "9999", "MC": "99999", "MT": "AAA9999", "MX": "99999", "NL": "9999AA", "NO": "9999", "NZ": "9999", "PL": "99999",
	"PT": "9999999", "RO": "999999", "RU": "999999", "SE": "99999", "SG": "999999", "SI": "9999", "SK": "99999", "TR": "99999",
	"TW": "999|99999|999999", "UA": "99999", "US": "99999|999999999", "ZA": "9999",
}

// regions are the subdivisions of ISO 3166-2, without the country, where mail
// is sorted by them and goes by no other name.
var regions = map[string]string{
	"AU": "ACT NSW NT QLD SA TAS VIC WA",
	"CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
	"US": `AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX
		UT VT VA WA WV WI WY AS GU MP PR UM VI AA AE AP`,
}

// Malformed returns which of region and postcode cannot be of the address's
// country. What is missing is not malformed, see Missing; and what is well formed
// need not exist.
func (a Address) Malformed() (out []string) {
	if region := strings.ToUpper(strings.TrimSpace(a.Region.Reveal())); region != "" && regions[a.Country] != "" {
		region = strings.TrimPrefix(region, a.Country+"-")
		if !containsWord(regions[a.Country], region) {
			out = append(out, "region")
		}
	}
	if code := strings.ToUpper(a.Postcode.Reveal()); code != "" && postcodes[a.Country] != "" && !isPostcode(a.Country, code) {
		out = append(out, "postcode")
	}
	return out
}

func containsWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// isPostcode reports whether a text in capitals has one of a country's forms.
func isPostcode(country, code string) bool {
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	for form := range strings.SplitSeq(postcodes[country], "|") {
		if fits(form, code) || fits(form, strings.TrimPrefix(code, country)) { // some write SE-123 45
			return true
		}
	}
	return false
}

// fits reports whether a text has a form.
func fits(form, text string) bool {
	if len(form) != len(text) {
		return false
	}
	for i := range len(form) {
		c := text[i]
		switch form[i] {
		case '9':
			if c < '0' || c > '9' {
				return false
			}
		case 'A':
			if c < 'A' || c > 'Z' {
				return false
			}
		default:
			if c != form[i] {
				return false
			}
		}
	}
	return true
}
