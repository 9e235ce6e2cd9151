package money

// Rounding says which of the two neighbours an inexact result becomes. The zero Rounding is [HalfEven]. The numbers
// and names are stored and never change.
type Rounding uint8

const (
	// HalfEven rounds to the nearest minor unit and a tie to the even one, so that errors do not add up.
	HalfEven Rounding = iota

	// HalfUp rounds to the nearest minor unit and a tie away from zero, as taught in school.
	HalfUp

	// HalfDown rounds to the nearest minor unit and a tie towards zero.
	HalfDown

	// Up rounds away from zero.
	Up

	// Down rounds towards zero.
	Down

	// Floor rounds towards minus infinity.
	Floor

	// Ceiling rounds towards plus infinity.
	Ceiling
)

var roundingNames = [...]string{
	HalfEven: "half_even",
	HalfUp:   "half_up",
	HalfDown: "half_down",
	Up:       "up",
	Down:     "down",
	Floor:    "floor",
	Ceiling:  "ceiling",
}

// Check returns a [ParseError] unless r is one of the named modes.
func (r Rounding) Check() error {
	if int(r) >= len(roundingNames) {
		return parseError("a rounding mode", r.String(), "there is no such mode")
	}
	return nil
}

// String returns the name of the mode, such as "half_even".
func (r Rounding) String() string {
	if int(r) >= len(roundingNames) {
		return "unknown"
	}
	return roundingNames[r]
}

// MarshalText returns the name of the mode.
func (r Rounding) MarshalText() ([]byte, error) { return []byte(r.String()), r.Check() }

// UnmarshalText accepts the name of a mode.
func (r *Rounding) UnmarshalText(text []byte) error {
	for i, name := range roundingNames {
		if name == string(text) {
			*r = Rounding(i)
			return nil
		}
	}
	return parseError("a rounding mode", string(text), "there is no such mode")
}

// away reports whether an inexact result goes to the neighbour that is further from zero. odd describes the
// neighbour nearer to zero; half compares the part that is dropped with one half.
func (r Rounding) away(neg, odd bool, half int) bool {
	switch r {
	case HalfEven:
		return half > 0 || half == 0 && odd
	case HalfUp:
		return half >= 0
	case HalfDown:
		return half > 0
	case Up:
		return true
	case Floor:
		return neg
	case Ceiling:
		return !neg
	}
	return false // Down
}
