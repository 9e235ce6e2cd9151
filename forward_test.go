package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/replication/peer"
)

// TestAPartOfACopyWaitsForRoom: a node that has no room for a part is asked again, and a node that fails is not.
func TestAPartOfACopyWaitsForRoom(t *testing.T) {
	t.Parallel()
	broken := fault.New(fault.Unavailable, "the connection broke")
	for want, answers := range map[error][]error{
		nil:    {&peer.FullError{Wait: time.Millisecond}, &peer.FullError{Wait: time.Millisecond}, nil},
		broken: {&peer.FullError{Wait: time.Millisecond}, broken},
	} {
		calls := 0
		var got strings.Builder
		err := commerce.FetchParts(t.Context(), func() ([]byte, error) {
			calls++
			return []byte("part"), answers[calls-1]
		}, &got)
		if !errors.Is(err, want) || calls != len(answers) || want == nil && got.String() != "part" {
			t.Errorf("after %d of %d calls: %q, %v", calls, len(answers), got.String(), err)
		}
	}
}

// TestAnOverloadedLeaderIsNotAskedAgain: who is told when to come back does not ask again before, and hears it; what was
// in doubt before stays in doubt.
func TestAnOverloadedLeaderIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	s := commercetest.Open(t)
	full := fmt.Errorf("on node a: %w", &command.OverloadedError{Wait: 7 * time.Second})
	unsure := fault.New(fault.Uncertain, "the connection broke")
	away := fault.New(fault.Unavailable, "nobody leads")
	for name, c := range map[string]struct {
		answers []error // the last one again and again
		calls   int
		err     error
	}{
		"full":             {[]error{full}, 1, full},
		"full, then not":   {[]error{full, nil}, 1, full},
		"away, then full":  {[]error{away, full}, 2, full},
		"in doubt, full":   {[]error{unsure, full}, 2, unsure},
		"in doubt, gone":   {[]error{unsure, away, full}, 3, unsure},
		"away, then there": {[]error{away, away, nil}, 3, nil},
	} {
		calls := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := commerce.Retry(ctx, s, func(context.Context) error {
			calls++
			if calls > 50 {
				cancel() // it would go on for the whole minute
			}
			return c.answers[min(calls, len(c.answers))-1]
		})
		cancel()
		if !errors.Is(err, c.err) || calls != c.calls {
			t.Errorf("%s: %v after %d calls, instead of %v after %d", name, err, calls, c.err, c.calls)
		}
	}
	calls, began := 0, time.Now()
	err := commerce.Retry(t.Context(), s, func(context.Context) error {
		if calls++; calls == 1 {
			return fmt.Errorf("calling node a: %w", &peer.FullError{Wait: 300 * time.Millisecond})
		}
		return nil
	})
	if took := time.Since(began); err != nil || calls != 2 || took < 300*time.Millisecond {
		t.Errorf("a node without room was asked %d times in %v: %v", calls, took, err)
	}
	err = commerce.Passed(s, full)
	if got, ok := errors.AsType[*command.OverloadedError](err); !ok || got.Wait != 7*time.Second {
		t.Errorf("between nodes it is %v", err)
	}
}
