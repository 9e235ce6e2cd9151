package commerce

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// As returns a context whose calls are made for principal: a customer, a staff
// member, another program. Idempotency keys of different principals are apart
// from each other. Without As, the principal is the program itself.
func As(ctx context.Context, principal string) context.Context {
	return command.WithPrincipal(ctx, principal)
}

// AsStaff is As for somebody who works for the shop. What they change, and what
// they were refused, is noted for ever: see the view trail in docs/views.md.
// Each record holds a hash over itself and the one before it, so that Verify
// finds what was changed or removed afterwards. Whoever can write the files
// could make all hashes anew: keep the newest of each shard somewhere else to
// see that, too. The principal is kept as it is; it should be no more personal
// than need be.
func AsStaff(ctx context.Context, principal string) context.Context {
	return command.WithStaff(ctx, principal)
}
