package pricing

import (
	"time"

	"github.com/keelshop/commerce/fault"
)

// Moment is a point in time in milliseconds since 1970 UTC. 0 means that a
// period is open on that side.
type Moment int64

// At returns the moment of t; the zero time is 0.
func At(t time.Time) Moment {
	if t.IsZero() {
		return 0
	}
	return Moment(t.UnixMilli())
}

// Time returns the moment as a UTC time; 0 is the zero time.
func (m Moment) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// MarshalText writes the moment as RFC 3339 wants it, in UTC.
func (m Moment) MarshalText() ([]byte, error) { return m.Time().MarshalText() }

// UnmarshalText reads a time as RFC 3339 writes it.
func (m *Moment) UnmarshalText(text []byte) error {
	var t time.Time
	if err := t.UnmarshalText(text); err != nil {
		return fault.Wrap(fault.Invalid, err, "%.40q is not a time such as 2026-05-01T00:00:00Z", text)
	}
	*m = At(t)
	return nil
}

// Period is from a moment on and until before another.
type Period struct {
	From  Moment `cbor:"1,keyasint,omitempty" json:"from,omitempty"`
	Until Moment `cbor:"2,keyasint,omitempty" json:"until,omitempty"` // the first moment after it
}

// Days returns the period of calendar days in a place, the last one included.
// A zero date leaves that side open.
func Days(first, last time.Time) Period {
	p := Period{From: At(first)}
	if !last.IsZero() {
		p.Until = At(last.AddDate(0, 0, 1))
	}
	return p
}

// Holds reports whether m is in the period.
func (p Period) Holds(m Moment) bool { return m >= p.From && (p.Until == 0 || m < p.Until) }

func (p Period) empty() bool { return p.Until != 0 && p.Until <= p.From }
