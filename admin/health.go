package admin

import (
	"github.com/keelshop/commerce"
)

type healthPage struct {
	page
	Status     commerce.Status
	Failure    string // why the store has stopped; "" if it has not
	Verified   bool
	Violations []commerce.Violation
}

func health(v *visit) error {
	return v.show(200, "health", v.health())
}

func (v *visit) health() healthPage {
	data := healthPage{page: v.page("Health", "health"), Status: v.site.shop.Status()}
	if err := v.site.shop.Err(); err != nil {
		data.Failure = err.Error()
	}
	return data
}

// verify checks every invariant of the store, which may sell meanwhile.
func verify(v *visit) error {
	data := v.health()
	var err error
	if data.Violations, err = v.site.shop.Verify(v.ctx()); err != nil {
		return err
	}
	data.Verified = true
	return v.show(200, "health", data)
}
