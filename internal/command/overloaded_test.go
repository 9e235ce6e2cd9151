package command_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// TestOverloadedTravels: whoever asked through another node is told when to
// come back, too.
func TestOverloadedTravels(t *testing.T) {
	set, err := command.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	want := command.OverloadedError{Wait: 7 * time.Second}
	got := set.Errors().Decode(set.Errors().Encode(&want))
	overloaded, ok := errors.AsType[*command.OverloadedError](got)
	if !ok || *overloaded != want || !errors.Is(got, fault.Unavailable) {
		t.Errorf("got %#v, want %v", got, want)
	}
}
