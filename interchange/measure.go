package interchange

import (
	"math/big"
	"strings"
)

// grams and millimetres of the units that files use, exactly.
var (
	weights = map[string]*big.Rat{
		"g": big.NewRat(1, 1), "kg": big.NewRat(1000, 1),
		"lb": big.NewRat(45359237, 100000), "lbs": big.NewRat(45359237, 100000), "oz": big.NewRat(45359237, 1600000),
	}
	lengths = map[string]*big.Rat{
		"mm": big.NewRat(1, 1), "cm": big.NewRat(10, 1), "m": big.NewRat(1000, 1), "in": big.NewRat(254, 10), "yd": big.NewRat(9144, 10), "ft": big.NewRat(3048, 10),
	}
)

// measure converts a decimal number of a unit into whole base units, rounded.
// exact says whether nothing was lost.
func measure(text, unit string, units map[string]*big.Rat) (n int64, exact, ok bool) {
	size := units[strings.ToLower(unit)]
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	if size == nil || len(text) > 20 || strings.ContainsAny(text, "eE/_xXpP") {
		return 0, false, false
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok || value.Sign() < 0 {
		return 0, false, false
	}
	value.Mul(value, size)
	doubled := new(big.Int).Mul(value.Num(), big.NewInt(2))
	doubled.Add(doubled, value.Denom())
	whole := doubled.Quo(doubled, new(big.Int).Mul(value.Denom(), big.NewInt(2)))
	if !whole.IsInt64() {
		return 0, false, false
	}
	return whole.Int64(), value.IsInt(), true
}

// measured reads a measure from a cell. The cell stays in the source too unless
// the conversion is exact.
func (r *record) measured(w *row, column, unit string, into *int64) {
	text := w.peek(column)
	if text == "" {
		return
	}
	units := lengths
	if _, weight := weights[strings.ToLower(unit)]; weight {
		units = weights
	}
	n, exact, ok := measure(text, unit, units)
	if !ok || n > 1_000_000 && units[unit] == lengths[unit] {
		r.warn(w.line, column, "bad_measure", "%q is not a measure in %q", text, unit)
		return
	}
	*into = n
	if exact && units[strings.ToLower(unit)].Cmp(big.NewRat(1, 1)) == 0 {
		w.take(column)
	}
}
