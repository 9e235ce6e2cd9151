package admin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

type stockPage struct {
	page
	Sourcing  inventory.Sourcing
	Transfers []map[string]any // on their way, the oldest first
}

// showStock shows the places that the shop sells from and what is on its way
// between them.
func showStock(v *visit) error {
	s, err := v.site.shop.Inventory.Sourcing(v.ctx())
	if err != nil {
		return err
	}
	data := stockPage{page: v.page("Stock", "stock"), Sourcing: *s}
	data.Transfers, err = v.query(`SELECT id, sku, source, target, sent, sent - received - lost AS waits, reference, at
		FROM transfers WHERE sent > received + lost ORDER BY id LIMIT ?`, int64(pageRows))
	if err != nil {
		return err
	}
	for _, t := range data.Transfers {
		for _, end := range []string{"source", "target"} {
			t[end] = string(inventory.PoolID(text(t[end])).Location())
		}
	}
	return v.show(200, "stock", data)
}

// putPlace makes a place, or replaces what is known of the one with its ID. The
// version that was shown guards the list of all.
func putPlace(v *visit) error {
	field := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
	put := inventory.Place{
		ID: inventory.Location(field("id")), Name: field("name"), Countries: split(strings.ToUpper(field("countries"))), Closed: field("closed") != "",
	}
	var err error
	if put.Priority, err = whole(field("priority")); err != nil {
		return err
	}
	return v.changePlaces(func(s *inventory.SetSourcing) {
		for i, p := range s.Places {
			if p.ID == put.ID {
				s.Places[i] = put
				return
			}
		}
		s.Places = append(s.Places, put)
	})
}

// setSplit says whether the units of a line may come from several places.
func setSplit(v *visit) error {
	return v.changePlaces(func(s *inventory.SetSourcing) { s.Split = v.r.PostFormValue("split") != "" })
}

// changePlaces leaves it to the command to compare the version, after the key:
// what has been done already is done.
func (v *visit) changePlaces(change func(*inventory.SetSourcing)) error {
	version, err := whole(v.r.PostFormValue("version"))
	if err != nil {
		return err
	}
	have, err := v.site.shop.Inventory.Sourcing(v.ctx())
	if err != nil {
		return err
	}
	if version < 1 || have.Version < version {
		return fault.New(fault.Conflict, "the places are not known as they were shown: look at them again")
	}
	set := inventory.SetSourcing{Places: append([]inventory.Place(nil), have.Places...), Split: have.Split, Version: version, Key: v.key()}
	change(&set)
	if _, err := v.site.shop.Inventory.SetSourcing(v.ctx(), set); err != nil {
		return err
	}
	return v.done("/stock", "saved")
}

func sendTransfer(v *visit) error {
	n, err := quantity(v.r.PostFormValue("quantity"))
	if err != nil {
		return err
	}
	_, err = v.site.shop.Inventory.SendTransfer(v.ctx(), inventory.SendTransfer{
		SKU: catalog.SKU(strings.TrimSpace(v.r.PostFormValue("sku"))), From: inventory.Location(v.r.PostFormValue("from")),
		To: inventory.Location(v.r.PostFormValue("to")), Quantity: n, Reference: strings.TrimSpace(v.r.PostFormValue("reference")), Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/stock", "sent")
}

// receiveTransfer books what has arrived of a transfer, or that it never will.
func receiveTransfer(v *visit) error {
	n, err := quantity(v.r.PostFormValue("quantity"))
	if err != nil {
		return err
	}
	c := inventory.ReceiveTransfer{Transfer: inventory.TransferID(v.r.PathValue("transfer")), Quantity: n, Key: v.key()}
	if v.r.PostFormValue("how") == "lost" {
		c.Quantity, c.Lost = 0, n
	}
	if _, err := v.site.shop.Inventory.ReceiveTransfer(v.ctx(), c); err != nil {
		return err
	}
	return v.done("/stock", "stocked")
}

// setPolicy says what may be sold of a variant at a place.
func setPolicy(v *visit) error {
	field := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
	c := inventory.SetPolicy{SKU: catalog.SKU(field("sku")), Location: inventory.Location(field("place")), Key: v.key()}
	for name, into := range map[string]*int64{"safety": &c.SafetyStock, "reorder": &c.ReorderPoint, "backorder": &c.Backorder} {
		n, err := whole(field(name))
		if err != nil {
			return err
		}
		*into = n
	}
	if day := field("expected"); day != "" {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return fault.New(fault.Invalid, "%q is not a day like 2026-12-31", day)
		}
		c.ExpectedAt = t.UnixMilli()
	}
	if _, err := v.site.shop.Inventory.SetPolicy(v.ctx(), c); err != nil {
		return err
	}
	return v.done("/products/"+v.r.PathValue("product"), "saved")
}

func quantity(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "%q is not a quantity", s)
	}
	return n, nil
}

// dayOf writes milliseconds since 1970 as a day in a form; 0 is none.
func dayOf(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.DateOnly)
}

// placeName returns what a place is called, its ID if nothing else is known.
func placeName(s inventory.Sourcing, id string) string {
	for _, p := range s.Places {
		if string(p.ID) == id && p.Name != "" {
			return fmt.Sprintf("%s (%s)", p.Name, id)
		}
	}
	return id
}
