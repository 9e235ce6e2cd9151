package web_test

import (
	"errors"
	"testing"

	"github.com/keelshop/commerce/internal/web"
)

func TestKeyless(t *testing.T) {
	got := web.Keyless(errors.New("buying cart_01M808N43KM58WYHPQS6EW5166: no room for ord_01M808N43VM5B06Q6QE6GRZTVZ"))
	if want := "buying cart_…: no room for ord_01M808N43VM5B06Q6QE6GRZTVZ"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
