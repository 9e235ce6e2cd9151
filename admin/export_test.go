package admin

import "github.com/keelshop/commerce"

// StaffRoutes returns the routes that are for staff only, as in GET /orders/{order}.
func StaffRoutes(shop *commerce.Store, o Options) ([]string, error) {
	s, err := newSite(shop, o)
	if err != nil {
		return nil, err
	}
	s.routes()
	return s.staffed, nil
}
