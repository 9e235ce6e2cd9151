package admin

import (
	"github.com/keelshop/commerce"
)

type healthPage struct {
	page
	Status     commerce.Status
	Nodes      []commerce.NodeStatus // of the cluster, if it is one
	Behind     []behind
	Failure    string // why the store has stopped; "" if it has not
	Verified   bool
	Violations []commerce.Violation
}

// behind is a program that hears of events and has not seen all of them.
type behind struct {
	Name   string
	Events int64
}

func health(v *visit) error {
	data, err := v.health()
	if err != nil {
		return err
	}
	return v.show(200, "health", data)
}

func (v *visit) health() (healthPage, error) {
	data := healthPage{page: v.page("Health", "health"), Status: v.site.shop.Status()}
	if err := v.site.shop.Err(); err != nil {
		data.Failure = err.Error()
		return data, nil // what follows would ask a store that has stopped
	}
	endpoints, err := v.site.shop.Endpoints.All(v.ctx())
	if err != nil {
		return data, err
	}
	for _, e := range endpoints {
		if n, err := v.site.shop.Behind(commerce.Position(e.Position)); err == nil {
			data.Behind = append(data.Behind, behind{Name: e.URL.Reveal(), Events: n})
		}
	}
	if v.site.shop.Cluster().Addr() != "" {
		data.Nodes, err = v.site.shop.Cluster().Status(v.ctx())
	}
	return data, err
}

// verify checks every invariant of the store, which may sell meanwhile.
func verify(v *visit) error {
	data, err := v.health()
	if err != nil {
		return err
	}
	if data.Violations, err = v.site.shop.Verify(v.ctx()); err != nil {
		return err
	}
	data.Verified = true
	return v.show(200, "health", data)
}
