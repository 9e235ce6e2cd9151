package text

import "strings"

// units maps how a unit is written to its symbol. Only units whose meaning
// does not depend on the goods are here; single letters count only right
// behind a number, as in "500w".
var units = map[string]string{
	"inch": "in", "inches": "in", "zoll": "in", "pouces": "in", "pulgadas": "in",
	"mm": "mm", "cm": "cm", "km": "km",
	"foot": "ft", "feet": "ft", "ft": "ft", "meter": "m", "metre": "m", "meters": "m", "metres": "m",
	"kb": "kb", "mb": "mb", "gb": "gb", "tb": "tb", "gbyte": "gb", "gigabyte": "gb", "gigabytes": "gb", "terabyte": "tb",
	"terabytes": "tb", "megabyte": "mb", "megabytes": "mb", "go": "gb", "to": "tb",
	"hz": "hz", "khz": "khz", "mhz": "mhz", "ghz": "ghz",
	"watt": "w", "watts": "w", "kw": "kw", "volt": "v", "volts": "v", "mah": "mah", "wh": "wh", "ampere": "a", "amp": "a",
	"gram": "g", "grams": "g", "gramm": "g", "kg": "kg", "kilo": "kg", "kilogram": "kg", "mg": "mg", "lb": "lb", "lbs": "lb", "oz": "oz",
	"ml": "ml", "cl": "cl", "liter": "l", "litre": "l", "liters": "l", "litres": "l",
	"mp": "mp", "megapixel": "mp", "megapixels": "mp", "mpix": "mp", "dpi": "dpi", "rpm": "rpm",
	"mbps": "mbps", "gbps": "gbps", "pack": "pk", "pcs": "pk",
}

// short are the symbols that are units only without a space before them.
var short = map[string]string{"w": "w", "v": "v", "a": "a", "m": "m", "g": "g", "l": "l", "in": "in"}

// quantities notes numbers that a unit follows, as one word ("1tb") or two.
func quantities(words []Word) []Word {
	for i := range words {
		w := &words[i]
		if number, unit, ok := splitUnit(w.Text); ok {
			w.Quantity = canonical(number, unit)
			continue
		}
		if w.Quantity != "" || !isNumber(w.Text) || i+1 == len(words) {
			continue
		}
		next := words[i+1]
		unit := units[next.Text]
		if unit == "" && next.Joined {
			unit = short[next.Text]
		}
		if ambiguous := next.Text == "go" || next.Text == "to" || next.Text == "pack"; unit != "" && !ambiguous {
			w.Quantity = canonical(w.Text, unit)
		}
	}
	return words
}

// splitUnit takes "1tb" apart.
func splitUnit(w string) (number, unit string, ok bool) {
	n := 0
	for n < len(w) && (w[n] >= '0' && w[n] <= '9' || w[n] == '.') {
		n++
	}
	if n == 0 || n == len(w) {
		return "", "", false
	}
	unit = units[w[n:]]
	if unit == "" {
		unit = short[w[n:]]
	}
	return w[:n], unit, unit != ""
}

// quoteUnit returns the unit that a sign behind a number stands for.
func quoteUnit(r rune) string {
	switch r {
	case '"', '″', '”', '“':
		return "in"
	case '\'', '′', '’':
		return "ft"
	}
	return ""
}

// canonical writes a quantity in one way: "15.60" inches are "15.6in".
func canonical(number, unit string) string {
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + unit
}

func isNumber(w string) bool {
	for i := range len(w) {
		if (w[i] < '0' || w[i] > '9') && w[i] != '.' {
			return false
		}
	}
	return w != ""
}

// HasDigit reports whether a word holds a digit. Such words are models and
// sizes: a letter more or less is another thing, not a slip.
func HasDigit(w string) bool { return strings.ContainsAny(w, "0123456789") }
