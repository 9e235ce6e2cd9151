package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
)

// note is a command of these tests. Its answer is the text that was stored.
type note struct {
	Text  string           `cbor:"1,keyasint"`
	Tags  map[string]int64 `cbor:"2,keyasint,omitempty"`
	Maybe *int64           `cbor:"3,keyasint,omitempty"`
	Key   string           `cbor:"-"`
	Word  string           `cbor:"-" command:"secret"`
	ID    string           `cbor:"4,keyasint" command:"stamped"`
}

func (note) Kind() command.Kind { return "test.note" }

func (c note) Validate() error {
	if c.Text == "nonsense" {
		return fault.New(fault.Invalid, "that is nonsense")
	}
	return nil
}

func (c note) apply(tx *command.Tx) (string, error) {
	_, err := tx.Exec(`INSERT INTO notes (id, text) VALUES (?, ?)`, c.ID, c.Text)
	return c.ID, err
}

func newEngine(t *testing.T) *commandtest.Engine {
	return commandtest.New(t, 4, command.Module{
		Name:     "test",
		Commands: []command.Definition{command.Define(note.apply)},
		Schema:   map[uint32]string{1: `CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;`},
	})
}

// write runs a note under a key and returns the ID that it got.
func write(ctx context.Context, e command.Engine, n note, key string) (string, error) {
	return command.Do[string](ctx, e, &n, command.Call{Key: key, Create: true, Prepare: func(s command.Stamp) error {
		n.ID = s.NewID("note")
		return nil
	}})
}

func TestOneKeyOneAnswer(t *testing.T) {
	e := newEngine(t)
	one, two := int64(1), int64(1)
	first, err := write(t.Context(), e, note{Text: "a", Tags: map[string]int64{"x": 1, "y": 2}, Maybe: &one}, "k")
	if err != nil {
		t.Fatal(err)
	}
	// The same request: maps have no order, pointers point to equal values, what
	// is stamped or named Key is not the caller's, and no hash of a secret is kept.
	again := note{Text: "a", Tags: map[string]int64{"y": 2, "x": 1}, Maybe: &two, ID: "something", Key: "other", Word: "sesame"}
	if got, err := write(t.Context(), e, again, "k"); got != first || err != nil {
		t.Errorf("asked again: got %s, %v; want %s", got, err, first)
	}
	zero := int64(0)
	for name, other := range map[string]note{
		"another text": {Text: "b", Tags: again.Tags, Maybe: &one}, "a tag less": {Text: "a", Tags: map[string]int64{"x": 1}, Maybe: &one},
		"tags the other way": {Text: "a", Tags: map[string]int64{"x": 2, "y": 1}, Maybe: &one}, "no pointer": {Text: "a", Tags: again.Tags},
		"a pointer to nothing": {Text: "a", Tags: again.Tags, Maybe: &zero},
	} {
		if got, err := write(t.Context(), e, other, "k"); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	if got, err := write(t.Context(), e, again, "k2"); got == first || err != nil {
		t.Errorf("another key: got %s, %v", got, err)
	}
	ada := command.WithPrincipal(t.Context(), "ada")
	if got, err := write(ada, e, again, "k"); got == first || err != nil {
		t.Errorf("the same key of somebody else: got %s, %v", got, err)
	}
}

// TestNoKeyIsANewOne: without a key nothing is asked again.
func TestNoKeyIsANewOne(t *testing.T) {
	e := newEngine(t)
	a, err := write(t.Context(), e, note{Text: "a"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := write(t.Context(), e, note{Text: "a"}, ""); a == b || err != nil {
		t.Errorf("got %s and %s, %v", a, b, err)
	}
}

// TestCreatedWhereItsKeySays: a retry finds its record without being told
// where the first one went.
func TestCreatedWhereItsKeySays(t *testing.T) {
	e := newEngine(t)
	shards := map[int]bool{}
	for i := range 64 {
		got, err := write(t.Context(), e, note{Text: "a"}, "k"+string(rune('a'+i)))
		if err != nil {
			t.Fatal(err)
		}
		slot, err := id.SlotOf(got)
		if err != nil {
			t.Fatal(err)
		}
		shards[e.ShardOf(slot)] = true
	}
	if len(shards) != e.Shards() {
		t.Errorf("64 keys are on %d of %d shards", len(shards), e.Shards())
	}
}

func TestRefusedBeforeItIsLogged(t *testing.T) {
	e := newEngine(t)
	before := e.Submitted()
	for name, c := range map[string]struct {
		ctx  context.Context
		note note
		key  string
	}{
		"nonsense":              {t.Context(), note{Text: "nonsense"}, "k"},
		"a text that is none":   {t.Context(), note{Text: "a\xff"}, "k"},
		"a tag that is none":    {t.Context(), note{Tags: map[string]int64{"\xff": 1}}, "k"},
		"a long key":            {t.Context(), note{}, strings.Repeat("k", 256)},
		"a key that is none":    {t.Context(), note{}, "\xff"},
		"a long principal":      {command.WithPrincipal(t.Context(), strings.Repeat("p", 256)), note{}, "k"},
		"a principal of no one": {command.WithPrincipal(t.Context(), "\xff"), note{}, "k"},
		"too much":              {t.Context(), note{Text: strings.Repeat("x", command.MaxBytes)}, "k"},
	} {
		if _, err := write(c.ctx, e, c.note, c.key); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := e.Submitted() - before; n != 0 {
		t.Errorf("%d commands were logged", n)
	}
}

// lost is an engine whose answers do not come back.
type lost struct{ *commandtest.Engine }

func (l lost) Submit(ctx context.Context, e command.Envelope) (command.Answer, error) {
	if _, err := l.Engine.Submit(ctx, e); err != nil {
		return command.Answer{}, err
	}
	return command.Answer{}, fault.New(fault.Uncertain, "the line was cut")
}

// TestUncertainNamesTheKey, also the one that was made for the caller.
func TestUncertainNamesTheKey(t *testing.T) {
	e := newEngine(t)
	for _, key := range []string{"mine", ""} {
		_, err := write(t.Context(), lost{e}, note{Text: "a"}, key)
		u, ok := errors.AsType[*command.UncertainError](err)
		if !ok || !errors.Is(err, fault.Uncertain) || u.Key == "" || key != "" && u.Key != key {
			t.Fatalf("got %v", err)
		}
		first, err := write(t.Context(), e, note{Text: "a"}, u.Key)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := write(t.Context(), e, note{Text: "a"}, u.Key); again != first || err != nil {
			t.Errorf("got %s, %v; want %s", again, err, first)
		}
	}
}

// TestRetryWhenPreparingFails: the world has changed so that the same request
// could not be made any more. Whoever made it gets the answer all the same.
func TestRetryWhenPreparingFails(t *testing.T) {
	e := newEngine(t)
	first, err := write(t.Context(), e, note{Text: "a"}, "k")
	if err != nil {
		t.Fatal(err)
	}
	gone := fault.New(fault.NotFound, "it is gone")
	call := command.Call{Key: "k", Create: true, Prepare: func(command.Stamp) error { return gone }}
	if got, err := command.Do[string](t.Context(), e, &note{Text: "a"}, call); got != first || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, first)
	}
	if _, err := command.Do[string](t.Context(), e, &note{Text: "b"}, call); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("another request under the key: got %v", err)
	}
	call.Key = "k2"
	if _, err := command.Do[string](t.Context(), e, &note{Text: "a"}, call); !errors.Is(err, fault.NotFound) {
		t.Errorf("a new key: got %v", err)
	}
}
