package samplegoods

// good is one product as it is written down here. Prices are euro cents.
type good struct {
	handle   string
	drawing  string
	label    string // what is written on the drawing
	back     int    // the ground of its pictures
	paint    string // the colour if it comes in one only, or the first option's values by paints
	paints   map[string]string
	price    int64
	was      int64 // the price before a sale
	material []string
	grams    int64
	tax      string // the tax category, "" for the standard rate
	options  []choice
	file     string // what is downloaded instead of sent, "" for goods that are sent
	card     bool   // a gift card, worth its price
	en, de   text
}

// text is what is said about a good in one language.
type text struct{ title, says string }

// choice is one option of a good, such as its size. add is what the price
// rises by from one value to the next.
type choice struct {
	name   string
	values []string
	add    int64
}

// shelf is a category with its goods.
type shelf struct {
	handle string
	en, de text
	goods  []good
}

func shelves() []shelf {
	return []shelf{kitchen(), pantry(), home(), clothing(), outdoors()}
}

func colour(names ...string) choice { return choice{name: "Colour", values: names} }

func sizes(add int64, names ...string) choice { return choice{name: "Size", values: names, add: add} }
