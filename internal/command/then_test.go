package command_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// writeThen writes a note and reads its text.
func writeThen(ctx context.Context, e command.Engine, n note, key string) (string, error) {
	call := command.Call{Key: key, Create: true, Prepare: func(s command.Stamp) error {
		n.ID = s.NewID("note")
		return nil
	}}
	return command.DoThen(ctx, e, &n, call, func(ctx context.Context, noteID string) (text string, err error) {
		slot, err := id.SlotOf(noteID)
		if err != nil {
			return "", err
		}
		if err := ctx.Err(); err != nil {
			return "", err
		}
		err = e.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
			text, _, err = tx.Text(`SELECT text FROM notes WHERE id = ?`, noteID)
			return err
		})
		return text, err
	})
}

// TestFailedReadIsUncertain: what was carried out is never called undone, and
// its key gives the result.
func TestFailedReadIsUncertain(t *testing.T) {
	e := newEngine(t)
	for _, key := range []string{"mine", ""} {
		text, err := writeThen(t.Context(), &commandtest.Blind{Engine: e}, note{Text: "a"}, key)
		u, ok := errors.AsType[*command.UncertainError](err)
		if !ok || fault.CodeOf(err) != fault.Uncertain || errors.Is(err, fault.Unavailable) || text != "" || u.Key == "" || key != "" && u.Key != key {
			t.Fatalf("got %q, %v", text, err)
		}
		before := e.Submitted()
		if text, err := writeThen(t.Context(), e, note{Text: "a"}, u.Key); text != "a" || err != nil {
			t.Errorf("asked again: got %q, %v", text, err)
		}
		if text, err := writeThen(t.Context(), e, note{Text: "b"}, u.Key); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("the key with another request: got %q, %v", text, err)
		}
		if n := e.Submitted() - before; n != 2 {
			t.Errorf("%d commands were logged", n)
		}
	}
}

// TestReadOutlivesTheCaller: the caller gives up once the command is carried
// out, and is told the result all the same.
func TestReadOutlivesTheCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(command.WithPrincipal(t.Context(), "ada"))
	e := &commandtest.Blind{Engine: newEngine(t), Cancel: cancel}
	if text, err := writeThen(ctx, e, note{Text: "a"}, ""); text != "a" || err != nil || ctx.Err() == nil {
		t.Errorf("got %q, %v", text, err)
	}
	_, err := command.Then(ctx, "k", func(ctx context.Context) (int, error) {
		if _, bounded := ctx.Deadline(); !bounded || command.PrincipalOf(ctx) != "ada" {
			t.Error("the read has no deadline or lost its principal")
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestErrorsOfARead(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want fault.Code
	}{
		"nothing there": {fault.New(fault.NotFound, "it is gone"), fault.NotFound},
		"no store":      {fault.New(fault.Unavailable, "closed"), fault.Uncertain},
		"no time":       {context.DeadlineExceeded, fault.Uncertain},
		"a broken file": {fault.New(fault.Broken, "a checksum"), fault.Uncertain},
	} {
		_, err := command.Then(t.Context(), "k", func(context.Context) (int, error) { return 1, c.err })
		if fault.CodeOf(err) != c.want || !errors.Is(err, c.err) && c.want == fault.NotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestKeysOfSingleCommands never reach the caller of a request that consists
// of several.
func TestKeysOfSingleCommands(t *testing.T) {
	inner := fmt.Errorf("a part: %w", &command.UncertainError{Key: "part", Err: fault.New(fault.Uncertain, "cut")})
	u, ok := errors.AsType[*command.UncertainError](command.UnderKey("k", inner))
	if !ok || u.Key != "k" {
		t.Errorf("got %v", u)
	}
	err := command.Begun(inner, "do it again")
	if _, ok := errors.AsType[*command.UncertainError](err); ok || fault.CodeOf(err) != fault.Uncertain {
		t.Errorf("got %v", err)
	}
	if err := command.Begun(fault.New(fault.Unavailable, "closed"), "do it again"); fault.CodeOf(err) != fault.Uncertain {
		t.Errorf("got %v", err)
	}
	if err := command.Begun(nil, "do it again"); err != nil {
		t.Error(err)
	}
	refused := fault.New(fault.Refused, "no")
	if command.UnderKey("k", refused) != refused || command.Begun(refused, "do it again") != refused {
		t.Error("a refusal was changed")
	}
	// A step that is uncertain while the command is prepared.
	call := command.Call{Key: "k", Create: true, Prepare: func(command.Stamp) error { return inner }}
	_, err = command.Do[string](t.Context(), newEngine(t), &note{Text: "a"}, call)
	if u, ok := errors.AsType[*command.UncertainError](err); !ok || u.Key != "k" {
		t.Errorf("got %v", err)
	}
}
