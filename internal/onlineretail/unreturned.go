package onlineretail

// lotKey is what a return and a sale must have in common.
type lotKey struct {
	product *product
	pence   int64 // the unit price
}

// unreturned is what one customer has bought and not yet sent back, oldest first.
type unreturned map[lotKey][]Share

// bought adds what an order line sold. Rows of one order line count as one purchase.
func (u unreturned) bought(key lotKey, sold Share) {
	open := u[key]
	if last := len(open) - 1; last >= 0 && open[last].Order == sold.Order {
		open[last].Quantity += sold.Quantity
		return
	}
	u[key] = append(open, sold)
}

// take removes quantity units, the oldest first, and returns where they came from. It takes nothing and returns nil
// when there are fewer.
func (u unreturned) take(key lotKey, quantity int64) []Share {
	open := u[key]
	var have int64
	for i := 0; i < len(open) && have < quantity; i++ {
		have += open[i].Quantity
	}
	if have < quantity {
		return nil
	}
	var taken []Share
	for quantity > 0 {
		share := open[0]
		share.Quantity = min(share.Quantity, quantity)
		taken = append(taken, share)
		quantity -= share.Quantity
		open[0].Quantity -= share.Quantity
		if open[0].Quantity == 0 {
			open = open[1:]
		}
	}
	u[key] = open
	return taken
}
