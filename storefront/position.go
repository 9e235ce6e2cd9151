package storefront

import (
	"net/http"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/web"
)

// readPosition makes the page show at least what the browser has seen and
// written, whichever node it came through. What is no position of this store
// counts as none: the browser may have it from another.
func (v *visit) readPosition() {
	for _, c := range web.Positions(v.r, v.site.cookieName(cookiePosition)) {
		if ctx, err := v.site.shop.Since(v.ctx(), commerce.Session(c.Value)); err == nil {
			v.r = v.r.WithContext(ctx)
		}
	}
}

// keepPosition remembers in the browser what was written, where other nodes may
// answer the next request.
func (v *visit) keepPosition() {
	if v.r.Method != http.MethodGet && v.site.shop.Cluster().Addr() != "" {
		web.KeepPosition(v.w, v.r, *v.newCookie(cookiePosition, string(v.site.shop.Session(v.ctx()))))
	}
}
