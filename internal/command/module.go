package command

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// A Module is what a package adds to the state machine.
type Module struct {
	Name     string
	Commands []Definition
	// Schema holds, for each logic level, the SQL that takes the package's
	// tables there from the level before. Missing levels change nothing.
	Schema map[uint32]string
	// Errors lists the typed errors that its commands return, so that they
	// survive the log and the wire.
	Errors []fault.Type
	// Check reports violations of the package's invariants that can be seen
	// in one shard's snapshot. nil means there are none to check.
	Check func(*sqlite.Tx) ([]Violation, error)
}

// A Violation is a broken invariant, found by a check.
type Violation struct {
	// Rule names the invariant, as in "inventory.pool_conservation".
	Rule string
	// Subject names the thing that breaks it.
	Subject string
	// Detail says what was found, with the numbers.
	Detail string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s", v.Rule, v.Subject, v.Detail)
}

// A Set is the closed table of all commands that a program knows.
type Set struct {
	modules []Module
	defs    map[Kind]Definition
	errors  *fault.Types
}

// NewSet joins modules. It returns an error if two commands share a kind.
func NewSet(modules ...Module) (*Set, error) {
	s := &Set{modules: modules, defs: map[Kind]Definition{}}
	types := []fault.Type{fault.Typed[*OverloadedError]("command.overloaded")} // of no module: a shard answers with it before it looks at a command
	for _, m := range modules {
		types = append(types, m.Errors...)
		for _, d := range m.Commands {
			if _, taken := s.defs[d.Kind]; taken {
				return nil, fmt.Errorf("two commands are named %s", d.Kind)
			}
			s.defs[d.Kind] = d
		}
	}
	s.errors = fault.NewTypes(types...)
	return s, nil
}

// Lookup finds the definition of a kind.
func (s *Set) Lookup(k Kind) (Definition, bool) {
	d, ok := s.defs[k]
	return d, ok
}

// Modules returns the modules in the order they were given.
func (s *Set) Modules() []Module { return s.modules }

// Errors returns the table of typed errors of all modules, and of the shard itself.
func (s *Set) Errors() *fault.Types { return s.errors }

// Timer is a handler of durable timers: it is called on a shard's leader when
// a timer is due and must propose what clears it. It is called again, with a
// growing pause, until the timer is gone.
type Timer func(ctx context.Context, subject string) error
