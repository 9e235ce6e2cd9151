package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/web"
)

// maxPosition bounds a position, in bytes.
const maxPosition = 4096

// positionParam describes the header by which whoever asks sees what they have
// written, whichever node answers.
func positionParam() *huma.Param {
	most := maxPosition
	return &huma.Param{
		Name: web.PositionHeader, In: "header", Description: "What was seen and written before, as an answer has told it: this answer is at least as new.",
		Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &most},
	}
}

// since returns a context whose reads are as new as a request asks for.
func (a *api) since(ctx context.Context, r *http.Request) (context.Context, error) {
	seen := r.Header.Get(web.PositionHeader)
	if seen == "" {
		return ctx, nil
	}
	if len(seen) > maxPosition {
		return ctx, &fieldError{"header." + web.PositionHeader, "is too long"}
	}
	bound, err := a.shop.Since(ctx, commerce.Session(seen))
	if err != nil {
		return ctx, &fieldError{"header." + web.PositionHeader, "is not a position of this shop"}
	}
	return bound, nil
}

// tellPosition puts into an answer what it has seen and written. What is the same
// for everybody has none: caches keep it.
func (a *api) tellPosition(ctx context.Context) {
	if w, ok := ctx.Value(writerKey{}).(http.ResponseWriter); ok {
		w.Header().Set(web.PositionHeader, string(a.shop.Session(ctx)))
	}
}

// writerKey is the context key of the response's writer, on routes that tell a
// position.
type writerKey struct{}
