package pricing

import (
	"math"
	"math/bits"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// size is what shipping needs to know of how large the goods are.
type size struct {
	cubicMM int64 // all units together, at most what can be counted
	longest int64 // the longest side of any unit, millimetres
	girth   int64 // the most that the longest side and the girth of any unit come to
	unknown bool  // of some unit it is not known
}

// add counts the units of a line in, if it is sent at all.
func (s *size) add(l Line) error {
	if l.LengthMM < 0 || l.WidthMM < 0 || l.HeightMM < 0 || max(l.LengthMM, l.WidthMM, l.HeightMM) > catalog.MaxMM {
		return fault.New(fault.Invalid, "%q of %d × %d × %d mm cannot be priced", l.SKU, l.LengthMM, l.WidthMM, l.HeightMM)
	}
	if l.Digital || l.Voucher || l.Gone {
		return nil
	}
	volume := l.LengthMM * l.WidthMM * l.HeightMM // within 10¹⁸
	if volume == 0 {
		s.unknown = true
		return nil
	}
	all, ok := product(volume, l.Quantity)
	if s.cubicMM += all; !ok || s.cubicMM < 0 {
		s.cubicMM = math.MaxInt64
	}
	long := max(l.LengthMM, l.WidthMM, l.HeightMM)
	s.longest = max(s.longest, long)
	s.girth = max(s.girth, long+2*(l.LengthMM+l.WidthMM+l.HeightMM-long))
	return nil
}

// cubicCentimetres returns the volume, rounded up.
func (s size) cubicCentimetres() int64 { return s.cubicMM/1000 + min(1, s.cubicMM%1000) }

// weight returns the grams that the volume counts for where so many cubic
// centimetres are a kilogram, rounded up; 0 for a divisor of 0.
func (s size) weight(divisor int64) int64 {
	if divisor == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(s.cubicCentimetres()), 1000)
	if hi >= uint64(divisor) {
		return 1<<63 - 1
	}
	grams, rest := bits.Div64(hi, lo, uint64(divisor))
	if grams >= 1<<63-1 {
		return 1<<63 - 1
	}
	return int64(grams) + min(1, int64(rest))
}

// fits says why a method does not take a parcel; "" if it does.
func (m *ShippingMethod) fits(p parcel) Reason {
	switch {
	case m.MaxWeightGrams > 0 && p.grams > m.MaxWeightGrams:
		return TooHeavy
	case m.MaxLengthMM > 0 && p.size.longest > m.MaxLengthMM, m.MaxGirthMM > 0 && p.size.girth > m.MaxGirthMM:
		return TooLarge
	case p.size.unknown && (m.MaxLengthMM > 0 || m.MaxGirthMM > 0 || m.VolumeDivisor > 0):
		return SizeUnknown
	}
	return ""
}

// arrives returns the first and the last day on which goods that are ordered at
// a moment should arrive, "" if that is not known.
func (m *ShippingMethod) arrives(at Moment, minDays, maxDays int) (first, last string) {
	if maxDays == 0 || at == 0 {
		return "", ""
	}
	day := at.Time()
	if m.CutOffHour > 0 && day.Hour() >= m.CutOffHour {
		day = day.AddDate(0, 0, 1)
	}
	return m.after(day, minDays), m.after(day, maxDays)
}

// after returns the day that comes so many days later.
func (m *ShippingMethod) after(day time.Time, days int) string {
	if !m.WorkingDays {
		return day.AddDate(0, 0, days).Format(time.DateOnly)
	}
	for isWeekend(day) {
		day = day.AddDate(0, 0, 1)
	}
	day = day.AddDate(0, 0, days/5*7)
	for days %= 5; days > 0; days-- {
		for day = day.AddDate(0, 0, 1); isWeekend(day); {
			day = day.AddDate(0, 0, 1)
		}
	}
	return day.Format(time.DateOnly)
}

func isWeekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}
