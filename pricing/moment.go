package pricing

import "time"

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

// Period is from a moment on and until before another.
type Period struct {
	From  Moment `cbor:"1,keyasint,omitempty"`
	Until Moment `cbor:"2,keyasint,omitempty"` // the first moment after it
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
