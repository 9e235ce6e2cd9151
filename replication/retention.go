package replication

import (
	"sync"
	"time"
)

// retention says how much log a group with several members keeps when it truncates: half of what it may hold, and at
// least what is written while a copy is made, sent and put in place. Without that a member that needed a copy would lack
// entries again once it has it, and never catch up under load.
type retention struct {
	mu   sync.Mutex
	rate float64       // bytes a second that were written lately
	copy time.Duration // how long copies took lately
}

const (
	// copyTimes is how often what is written during a copy is kept: while it is made and sent, while it is put in place,
	// and once more, since neither takes the same time again.
	copyTimes = 3
	// mostKept bounds what is kept, in times of the limit of the log.
	mostKept = 4
)

// wrote notes how many bytes were written in a time. A higher rate counts at once, a lower one by and by.
func (r *retention) wrote(bytes int64, in time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in > 0 {
		r.rate = max(float64(bytes)/in.Seconds(), r.rate/2)
	}
}

// copied notes how long a copy took from its beginning until it was sent.
func (r *retention) copied(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.copy = max(took, r.copy/2)
}

// keep returns how many bytes to keep of a log that may hold limit of them.
func (r *retention) keep(limit int64) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := float64(mostKept * limit)
	return max(limit/2, int64(min(copyTimes*r.rate*r.copy.Seconds(), most)))
}
