package admin

import (
	"net/http"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/web"
)

func (s *site) positionCookie() string {
	if s.HTTPS {
		return "__Host-" + web.PositionCookie
	}
	return web.PositionCookie
}

// readPosition makes pages show at least what the browser has seen and written,
// here or in the storefront, whichever node it came through.
func (v *visit) readPosition() {
	for _, c := range web.Positions(v.r, v.site.positionCookie()) {
		if ctx, err := v.site.shop.Since(v.ctx(), commerce.Session(c.Value)); err == nil {
			v.r = v.r.WithContext(ctx)
		}
	}
}

// keepPosition remembers in the browser what was written, where other nodes may
// answer the next request.
func (v *visit) keepPosition() {
	if v.r.Method == http.MethodGet || v.site.shop.Cluster().Addr() == "" {
		return
	}
	web.KeepPosition(v.w, v.r, http.Cookie{
		Name: v.site.positionCookie(), Value: string(v.site.shop.Session(v.ctx())), Path: "/", MaxAge: 24 * 60 * 60,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.HTTPS,
	})
}
