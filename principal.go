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
