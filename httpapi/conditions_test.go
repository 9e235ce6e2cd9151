package httpapi

import (
	"errors"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

type change struct {
	Keyed
	Conditional
}

// keeper carries out changes for the version "3" as a store does: a key is good
// for one request, and gives its answer again. The outcome of the first good one
// is not known.
type keeper struct {
	asked map[string]string // key → what was asked under it
	done  int
}

func (k *keeper) do(in *change) (*int, error) {
	key := in.Key
	if key == "" {
		key = "the store's own"
	}
	before, again := k.asked[key]
	k.asked[key] = in.IfMatch
	switch {
	case again && before != in.IfMatch:
		return nil, fault.New(fault.Conflict, "the key is another request's")
	case in.IfMatch != `"3"`:
		return nil, &staleError{fault.New(fault.Conflict, "it has changed")}
	case !again:
		k.done++
		return nil, &command.UncertainError{Key: key, Err: fault.New(fault.Uncertain, "no answer")}
	}
	return &k.done, nil
}

// TestAskingAgainWithAList: the key of an uncertain outcome is good for the same
// request, whichever ETag of its list was the right one.
func TestAskingAgainWithAList(t *testing.T) {
	for _, list := range []string{`"3"`, `"3", "4"`, `"1", "3"`, `"1", "2","3"`} {
		for _, key := range []string{"", "a-key-of-sixteen-characters"} {
			k := &keeper{asked: map[string]string{}}
			ask := func(key string) (*int, error) {
				in := &change{Keyed{key}, Conditional{list}}
				return carryOut(in, func() (*int, error) { return k.do(in) })
			}
			_, err := ask(key)
			unsure, ok := errors.AsType[*command.UncertainError](err)
			if !ok || key != "" && unsure.Key != key {
				t.Errorf("%s under %q: %v", list, key, err)
				continue
			}
			for range 2 {
				if out, err := ask(unsure.Key); err != nil || *out != 1 {
					t.Errorf("%s under %q: asked again with %q: %v", list, key, unsure.Key, err)
				}
			}
			for made := range k.asked {
				if len(made) > 200 {
					t.Errorf("%s: the key %s cannot be a client's", list, made)
				}
			}
		}
	}
}

// TestTheKeyOfSeveralCommands: what one of them is uncertain about is asked again
// with the request's key.
func TestTheKeyOfSeveralCommands(t *testing.T) {
	for _, key := range []string{"", "a-key-of-sixteen-characters"} {
		in := &change{Keyed: Keyed{key}}
		_, err := carryOut(in, func() (*int, error) {
			in.choose()
			return nil, &command.UncertainError{Key: part(in.Key, "contact"), Err: fault.New(fault.Uncertain, "no answer")}
		})
		unsure, ok := errors.AsType[*command.UncertainError](err)
		if !ok || unsure.Key != in.Key || key != "" && in.Key != key || in.Key == "" {
			t.Errorf("under %q: %v", key, err)
		}
	}
}
