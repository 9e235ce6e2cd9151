package storefront

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
)

// splitPath is the page on which a cart is divided over several deliveries, below
// the base.
const splitPath = "/checkout/split"

// placeView is one delivery of the cart.
type placeView struct {
	Number int64
	To     cart.Contact // its address
	Lines  []lineView
	Offers []offerView
	First  bool // goes to the contact's address
	Unsent bool // it must be sent, and how is not chosen, or not possible
}

// splitForm is the page for the address of a delivery.
type splitForm struct {
	checkoutPage
	Delivery string // its number, "new" for a further one
}

// newDelivery stands for a delivery that there is not yet in addresses.
const newDelivery = "new"

// delivers reports whether anything of the cart is sent, by whatever way, or must
// be and there is none.
func (v *visit) delivers() bool {
	for _, d := range v.basket.Deliveries {
		if len(d.Offers) > 0 || v.unsent(d.ID) {
			return true
		}
	}
	return len(v.basket.Offers) > 0 || v.unsent(cart.FirstDelivery)
}

// unsent reports whether a delivery must be sent, and how is not chosen yet or not
// possible any more.
func (v *visit) unsent(delivery int64) bool {
	need, number := cart.NeedsShipping, int64(0)
	if delivery != cart.FirstDelivery {
		need, number = cart.Requirement("deliveries."+strconv.FormatInt(delivery, 10)+".")+need, delivery
	}
	return slices.Contains(v.basket.Requirements, need) || slices.ContainsFunc(v.basket.Problems, func(p cart.Problem) bool {
		return p.Code == cart.MethodNotThere && p.Delivery == number
	})
}

// places returns the deliveries of the cart with their lines, one if all goes to
// the contact's address.
func (v *visit) places(data checkoutPage) ([]placeView, error) {
	places := []placeView{{Number: cart.FirstDelivery, To: data.Contact, First: true, Offers: v.offersOf(v.basket.Offers, v.basket.ShippingMethod)}}
	if len(v.basket.Deliveries) > 0 {
		where, err := v.site.shop.Carts.DeliveryAddresses(v.ctx(), v.basket.ID)
		if err != nil {
			return nil, err
		}
		places[0].Offers = v.offersOf(v.basket.Deliveries[0].Offers, v.basket.Deliveries[0].ShippingMethod)
		for _, d := range v.basket.Deliveries[1:] {
			place := placeView{Number: d.ID, Offers: v.offersOf(d.Offers, d.ShippingMethod)}
			for _, a := range where {
				if a.Delivery == d.ID {
					place.To = cart.Contact{ShippingAddress: a.Address, Erased: a.Erased}
				}
			}
			places = append(places, place)
		}
	}
	for i := range places {
		places[i].Unsent = v.unsent(places[i].Number)
	}
	for _, l := range data.Lines {
		for i := range places {
			if places[i].Number == max(l.Delivery, cart.FirstDelivery) {
				places[i].Lines = append(places[i].Lines, l)
			}
		}
	}
	return places, nil
}

// splitStep is checkoutPage for pages of several deliveries: the first address
// comes before.
func (v *visit) splitStep(title string) (data checkoutPage, ok bool, err error) {
	if data, ok, err = v.checkoutPage("delivery", title); !ok {
		return data, false, err
	}
	switch {
	case v.basket.ShippingCountry == "":
		return data, false, v.redirect("/checkout?note=address")
	case !v.delivers():
		return data, false, v.redirect(paymentPage)
	}
	data.Contact, err = v.site.shop.Carts.Contact(v.ctx(), v.basket.ID)
	return data, err == nil, err
}

func showSplit(v *visit) error {
	data, ok, err := v.splitStep("Several deliveries")
	if !ok {
		return err
	}
	if data.Places, err = v.places(data); err != nil {
		return err
	}
	return v.show(200, "split", data)
}

// moveLine brings units of a line to another delivery.
func moveLine(v *visit) error {
	if v.basket.ID == "" {
		return v.redirect("/cart?note=empty")
	}
	line := cart.AssignedLine{Line: v.formNumber("line"), Delivery: v.formNumber("to"), Quantity: v.formNumber("quantity")}
	if line.Quantity < 1 || line.Quantity > mostUnits {
		return v.redirect(splitPath + "?note=quantity")
	}
	_, err := v.site.shop.Carts.AssignLines(v.ctx(), cart.AssignLines{Cart: v.basket.ID, Lines: []cart.AssignedLine{line}, Version: v.formNumber("version")})
	return v.splitDone(err)
}

// formNumber reads a number of the form, 0 if there is none.
func (v *visit) formNumber(field string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v.r.PostFormValue(field)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// showSplitAddress asks where a delivery goes.
func showSplitAddress(v *visit) error {
	data, ok, err := v.splitStep("Where shall it go?")
	if !ok {
		return err
	}
	page := splitForm{data, v.r.PathValue("delivery")}
	page.Form = addressForm(accounts.Address{Country: v.site.Countries[0]})
	if page.Delivery != newDelivery {
		at, err := v.splitAddress(page.Delivery)
		if err != nil {
			return err
		}
		page.Form = addressForm(at)
	}
	return v.show(200, "place", page)
}

// splitAddress returns where a delivery goes that is not the first.
func (v *visit) splitAddress(number string) (accounts.Address, error) {
	where, err := v.site.shop.Carts.DeliveryAddresses(v.ctx(), v.basket.ID)
	if err != nil {
		return accounts.Address{}, err
	}
	for _, d := range where {
		if strconv.FormatInt(d.Delivery, 10) == number {
			return d.Address, nil
		}
	}
	return accounts.Address{}, errNoPage
}

// setSplitAddress adds a delivery, or changes where one goes.
func setSplitAddress(v *visit) error {
	data, ok, err := v.splitStep("Where shall it go?")
	if !ok {
		return err
	}
	page := splitForm{data, v.r.PathValue("delivery")}
	c := cart.SetDelivery{Cart: v.basket.ID}
	if page.Delivery == newDelivery { // a form that is sent twice adds one
		c.Version = v.formNumber("version")
	} else {
		if _, err := v.splitAddress(page.Delivery); err != nil {
			return err
		}
		if c.Delivery, err = strconv.ParseInt(page.Delivery, 10, 64); err != nil {
			return errNoPage
		}
	}
	page.Form = v.readForm(contactFields...)
	v.checkAddress(page.Form, "")
	if len(page.Form.Errors) > 0 {
		return v.show(422, "place", page)
	}
	c.Address = page.Form.address("")
	_, err = v.site.shop.Carts.SetDelivery(v.ctx(), c)
	return v.splitDone(err)
}

// removeSplit takes a delivery off; what was in it goes to the first one.
func removeSplit(v *visit) error {
	n, err := strconv.ParseInt(v.r.PathValue("delivery"), 10, 64)
	if err != nil || v.basket.ID == "" {
		return v.redirect(splitPath)
	}
	_, err = v.site.shop.Carts.RemoveDelivery(v.ctx(), cart.RemoveDelivery{Cart: v.basket.ID, Delivery: n})
	return v.splitDone(err)
}

// splitDone shows the deliveries, with what kept them from changing if shoppers
// cause it.
func (v *visit) splitDone(err error) error {
	note := ""
	switch code := fault.CodeOf(err); {
	case err == nil:
	case is[*cart.StatusError](err):
		return v.redirect("/cart?note=locked")
	case is[*cart.LimitError](err):
		note = "many"
	case is[*cart.VersionError](err), is[*cart.NotFoundError](err):
		note = "moved"
	case code == fault.Invalid || code == fault.Refused:
		note = "invalid"
	default:
		return err
	}
	if note != "" {
		return v.redirect(splitPath + "?" + url.Values{"note": {note}}.Encode())
	}
	return v.redirect(splitPath)
}

// setDeliveries chooses for each of several deliveries how it is sent.
func (v *visit) setDeliveries() error {
	for _, d := range v.basket.Deliveries {
		if len(d.Offers) == 0 || len(d.Lines) == 0 {
			continue
		}
		method := v.r.PostFormValue("method-" + strconv.FormatInt(d.ID, 10))
		if method == "" {
			return v.redirect("/checkout/delivery?note=delivery")
		}
		_, err := v.site.shop.Carts.SetShipping(v.ctx(), cart.SetShipping{Cart: v.basket.ID, Delivery: d.ID, Method: method})
		if err != nil {
			return v.deliveryRefused(err)
		}
	}
	return v.redirect(paymentPage)
}

// lacking returns the page on which the shopper fills in what a delivery lacks, ""
// if none lacks anything.
func (v *visit) lacking() string {
	for _, p := range v.basket.Problems {
		if p.Code == cart.MethodNotThere {
			return "/checkout/delivery"
		}
	}
	for _, r := range v.basket.Requirements {
		switch text := string(r); {
		case strings.HasSuffix(text, string(cart.NeedsShipping)):
			return "/checkout/delivery"
		case strings.HasPrefix(text, "deliveries."):
			return splitPath + "?note=place"
		}
	}
	return ""
}
