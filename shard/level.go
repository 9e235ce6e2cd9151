package shard

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// MaxLevel is the newest logic level of this program. A level is a step of the
// tables or of the rules; a shard takes it when a level command comes in its
// log, and so at the same entry on every replica.
const MaxLevel = 1

// Newest returns the newest logic level that a program with these modules can
// apply.
func Newest(modules []command.Module) uint32 {
	newest := uint32(MaxLevel)
	for _, m := range modules {
		for level := range m.Schema {
			newest = max(newest, level)
		}
	}
	return newest
}

// SetLevel takes a shard to a logic level. It is proposed when every voter
// supports the level, never by opening a file.
type SetLevel struct {
	Level uint32 `cbor:"1,keyasint"`
}

// levelChange is the answer of SetLevel.
type levelChange struct {
	Level uint32 `cbor:"1,keyasint"`
}

// Kind returns "shard.set_level".
func (SetLevel) Kind() command.Kind { return "shard.set_level" }

// Validate refuses level 0.
func (c SetLevel) Validate() error {
	if c.Level == 0 {
		return fault.New(fault.Invalid, "there is no logic level 0")
	}
	return nil
}

// Tick does nothing: the entry that carries it moves the shard's clock.
type Tick struct{}

// Kind returns "shard.tick".
func (Tick) Kind() command.Kind { return "shard.tick" }

// Validate returns nil.
func (Tick) Validate() error { return nil }

func (Tick) apply(*command.Tx) (struct{}, error) { return struct{}{}, nil }

// Module returns the kernel's own commands, for a set with the given modules.
func Module(modules ...command.Module) command.Module {
	setLevel := func(c SetLevel, tx *command.Tx) (levelChange, error) { return c.apply(tx, modules) }
	return command.Module{
		Name: "shard",
		Commands: []command.Definition{
			command.DefineRepeatable(setLevel),
			command.DefineRepeatable(Tick.apply),
			command.DefineRepeatable(Prune.apply),
		},
		Errors: []fault.Type{fault.Typed[*KeyReusedError]("shard.key_reused")},
		Check:  check,
	}
}

func (c SetLevel) apply(tx *command.Tx, modules []command.Module) (levelChange, error) {
	if newest := Newest(modules); c.Level > newest {
		return levelChange{}, &command.UndecodableError{Kind: c.Kind(), Err: fault.New(fault.Broken, "this program knows levels up to %d and not %d: upgrade it", newest, c.Level)}
	}
	for level := tx.Level + 1; level <= c.Level; level++ {
		for _, m := range modules {
			if err := runSchema(tx, m.Schema[level]); err != nil {
				return levelChange{}, fault.Wrap(fault.Broken, err, "taking the tables of %s to level %d", m.Name, level)
			}
		}
	}
	return levelChange{max(tx.Level, c.Level)}, nil
}

func runSchema(tx *command.Tx, sql string) error {
	if sql == "" {
		return nil
	}
	return tx.Script(sql)
}
