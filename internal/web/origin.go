package web

import (
	"fmt"
	"net/http"

	"github.com/keelshop/commerce/fault"
)

// SameOrigin refuses requests that change something and that a browser sends
// from another site (CSRF). It goes by Sec-Fetch-Site and Origin and needs
// no tokens in forms. trusted are origins that may, as in
// https://shop.example.com.
func SameOrigin(trusted []string, refuse Refuse) (Middleware, error) {
	refuse = unread(refuse)
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusting an origin: %w", fault.Wrap(fault.Invalid, err, "%q", origin))
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := protection.Check(r); err != nil {
				refuse(w, r, http.StatusForbidden, fault.New(fault.Denied, "a browser sent this from another site"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}
