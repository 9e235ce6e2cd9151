package commerce

import (
	"context"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// Observer hears of what a store does, for metrics and traces. Its functions
// are called on the path of the work and from many goroutines, so they must be
// quick; nil ones are not called. Package metrics has one for Prometheus, package
// traces one for OpenTelemetry.
type Observer struct {
	// Command hears of each command that was asked for on this node, when its
	// caller is about to be answered.
	Command func(ObservedCommand)
	// Batch hears of each transaction in which commands were applied.
	Batch func(ObservedBatch)
}

// ObservedCommand is a command that has been answered.
type ObservedCommand struct {
	// Context is the caller's. What a program has put there, such as a span of
	// a trace, is found there.
	Context context.Context
	Kind    string // as in "orders.cancel"
	Shard   int
	Code    fault.Code // 0 if it was done
	Start   time.Time
	Took    time.Duration
	// Proposed, Began and Applied say when it went into the log's hands, when
	// the log held it, and when its transaction was committed. An idle shard
	// applies it while the log syncs it: then only the commit lies between the
	// last two. They are zero if another node did that, and if it was not done
	// anew.
	Proposed, Began, Applied time.Time
}

// ObservedBatch is one transaction of a shard.
type ObservedBatch struct {
	Shard    int
	Commands int
	Took     time.Duration // applying and committing
}

// WithObserver makes the store tell o what it does. Given several times, all
// are told.
func WithObserver(o Observer) Option {
	return option(func(c *config) {
		c.observer = Observer{Command: both(c.observer.Command, o.Command), Batch: both(c.observer.Batch, o.Batch)}
	})
}

// both calls one function after the other. nil ones are not called.
func both[T any](first, second func(T)) func(T) {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func(t T) {
		first(t)
		second(t)
	}
}

// machineOf shows a shard to its replication group, watched if somebody is
// watching.
func (c config) machineOf(file *shard.Shard, l *lane) replication.Machine {
	if c.observer.Batch == nil && c.observer.Command == nil {
		return machine{file, l}
	}
	return &observed{machine: machine{file, l}, tell: c.observer.Batch}
}

// observed is a shard's machine that tells of its batches.
type observed struct {
	machine
	tell  func(ObservedBatch)
	ahead time.Duration // spent on what was applied while the log synced it
}

// Prepare notes how long it takes, for the batch that follows.
func (o *observed) Prepare(entries []replication.Entry) error {
	start := time.Now()
	err := o.machine.Prepare(entries)
	o.ahead = time.Since(start)
	return err
}

// ApplyBatch applies entries and tells how many commands were in them.
func (o *observed) ApplyBatch(entries []replication.Entry) ([]any, error) {
	start := time.Now()
	replies, err := o.machine.ApplyBatch(entries)
	if err != nil {
		return nil, err
	}
	end := time.Now()
	b := ObservedBatch{Shard: o.lane.number, Took: o.ahead + end.Sub(start)}
	o.ahead = 0
	for _, r := range replies {
		answers, _ := r.([]shard.Reply)
		b.Commands += len(answers)
		for i := range answers {
			answers[i].Steps = shard.Steps{Began: start, Applied: end}
		}
	}
	if o.tell != nil {
		o.tell(b)
	}
	return replies, nil
}

// outcomeOf is the code of a command's answer, 0 for none.
func outcomeOf(err error) fault.Code {
	if err == nil {
		return 0
	}
	return fault.CodeOf(err)
}
