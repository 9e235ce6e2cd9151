package commerce

import (
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// Observer hears of what a store does, for metrics and traces. Its functions
// are called on the path of the work and from many goroutines, so they must be
// quick; nil ones are not called. Package metrics has one for Prometheus.
type Observer struct {
	// Command hears of each command that was asked for on this node, when its
	// caller is about to be answered.
	Command func(ObservedCommand)
	// Batch hears of each transaction in which commands were applied.
	Batch func(ObservedBatch)
}

// ObservedCommand is a command that has been answered.
type ObservedCommand struct {
	Kind string     // as in "orders.cancel"
	Code fault.Code // 0 if it was done
	Took time.Duration
}

// ObservedBatch is one transaction of a shard.
type ObservedBatch struct {
	Shard    int
	Commands int
	Took     time.Duration // applying and committing
}

// WithObserver makes the store tell o what it does.
func WithObserver(o Observer) Option { return option(func(c *config) { c.observer = o }) }

// machineOf shows a shard to its replication group, watched if somebody is
// watching.
func (c config) machineOf(file *shard.Shard, l *lane) replication.Machine {
	if c.observer.Batch == nil {
		return machine{file, l}
	}
	return observed{machine{file, l}, c.observer.Batch}
}

// observed is a shard's machine that tells of its batches.
type observed struct {
	machine
	tell func(ObservedBatch)
}

// ApplyBatch applies entries and tells how many commands were in them.
func (o observed) ApplyBatch(entries []replication.Entry) ([]any, error) {
	start := time.Now()
	replies, err := o.machine.ApplyBatch(entries)
	if err != nil {
		return nil, err
	}
	b := ObservedBatch{Shard: o.lane.number, Took: time.Since(start)}
	for _, r := range replies {
		if answers, ok := r.([]shard.Reply); ok {
			b.Commands += len(answers)
		}
	}
	o.tell(b)
	return replies, nil
}

// outcomeOf is the code of a command's answer, 0 for none.
func outcomeOf(err error) fault.Code {
	if err == nil {
		return 0
	}
	return fault.CodeOf(err)
}
