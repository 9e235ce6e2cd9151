package httpapi

import (
	"context"
	"net/http"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
)

// Auth says who sends a request. A host program with users of its own
// implements it. It is called from many goroutines.
type Auth interface {
	// Authenticate returns who sends a request, the zero Caller if nobody says
	// who they are, and fault.Denied if what they say is not true.
	Authenticate(r *http.Request) (Caller, error)
}

// Caller is who sends a request. The zero Caller is anybody.
type Caller struct {
	// Customer is the shop's customer who asks; "" is a guest.
	Customer accounts.CustomerID
	// Staff is true for those who run the shop.
	Staff bool
	// Name is what the host program calls whoever asks, for staff who are no
	// customers. Idempotency keys of different names are apart.
	Name string
}

// known reports whether the caller is anybody in particular.
func (c Caller) known() bool { return c.Customer != "" || c.Staff }

// principal is the caller's name to the store.
func (c Caller) principal() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Customer != "":
		return string(c.Customer)
	case c.Staff:
		return "staff"
	}
	return "guest"
}

// asks returns a context whose calls are made for the caller.
func (c Caller) asks(ctx context.Context) context.Context {
	if c.Staff {
		return commerce.AsStaff(ctx, c.principal())
	}
	return commerce.As(ctx, c.principal())
}

type callerKey struct{}

func callerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
