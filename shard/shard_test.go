package shard_test

import (
	"context"
	"errors"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/shard"
)

// put is a command of these tests: it counts what it is told and refuses
// numbers below zero.
type put struct {
	Name string `cbor:"1,keyasint"`
	N    int64  `cbor:"2,keyasint"`
}

func (put) Kind() command.Kind { return "test.put" }
func (put) Validate() error    { return nil }
func (c put) apply(tx *command.Tx) (int64, error) {
	if err := tx.Emit("test.put", c.Name, c); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(`INSERT OR IGNORE INTO numbers (name, n) VALUES (?, 0)`, c.Name); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(`UPDATE numbers SET n = n + ? WHERE name = ?`, c.N, c.Name); err != nil {
		return 0, err
	}
	n, _, err := tx.Int64(`SELECT n FROM numbers WHERE name = ?`, c.Name)
	if n > 1000 {
		return 0, fault.New(fault.Refused, "%s is at %d", c.Name, n)
	}
	return n, err
}

func module() command.Module {
	return command.Module{
		Name:     "test",
		Commands: []command.Definition{command.Define(put.apply)},
		Schema:   map[uint32]string{1: `CREATE TABLE numbers (name TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0)) STRICT;`},
	}
}

func add(e *commandtest.Engine, key, name string, n int64) (int64, error) {
	slot := id.SlotOfHash(e.Hash("test", name))
	return command.Do[int64](context.Background(), e, &put{Name: name, N: n}, command.Call{Key: key, Slot: slot})
}

func TestSameKeyGetsTheFirstAnswer(t *testing.T) {
	e := commandtest.New(t, 3, module())
	for range 3 {
		if n, err := add(e, "k1", "a", 5); n != 5 || err != nil {
			t.Fatalf("got %d, %v; want 5", n, err)
		}
		e.Restart()
	}
	if n, err := add(e, "k2", "a", 5); n != 10 || err != nil {
		t.Fatalf("another key: got %d, %v; want 10", n, err)
	}
	_, err := add(e, "k1", "a", 6)
	if _, ok := errors.AsType[*shard.KeyReusedError](err); !ok || !errors.Is(err, fault.Conflict) {
		t.Fatalf("same key with another body: got %v", err)
	}
}

func TestRefusalIsRecordedAndUndone(t *testing.T) {
	e := commandtest.New(t, 1, module())
	if _, err := add(e, "", "a", 990); err != nil {
		t.Fatal(err)
	}
	_, first := add(e, "k", "a", 20)
	if !errors.Is(first, fault.Refused) {
		t.Fatalf("got %v, want a refusal", first)
	}
	if _, err := add(e, "", "a", -500); err != nil {
		t.Fatal(err)
	}
	_, second := add(e, "k", "a", 20)
	if second == nil || second.Error() != first.Error() {
		t.Fatalf("asked again: got %v, want %v", second, first)
	}
	if n, err := add(e, "", "a", 0); n != 490 || err != nil {
		t.Fatalf("got %d, %v; want 490: a refusal left something behind", n, err)
	}
}

func TestConstraintIsARefusal(t *testing.T) {
	e := commandtest.New(t, 1, module())
	if _, err := add(e, "", "a", -1); !errors.Is(err, fault.Refused) {
		t.Fatalf("got %v, want fault.Refused", err)
	}
}
