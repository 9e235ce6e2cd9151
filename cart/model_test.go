package cart_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"pgregory.net/rapid"
)

// modelLine is a line as the model has it.
type modelLine struct {
	sku             catalog.SKU
	price, quantity int64
	agreed          bool
}

// model is a cart in the simplest way there is.
type model struct {
	lines   []modelLine
	version int64
	status  cart.Status
}

func (m *model) find(w modelLine) int {
	return slices.IndexFunc(m.lines, func(l modelLine) bool { return l.sku == w.sku && l.price == w.price && l.agreed == w.agreed })
}

func (m *model) add(l modelLine) (ok bool) {
	i := m.find(l)
	if i < 0 {
		m.lines = append(m.lines, l)
		return true
	}
	m.lines[i].quantity += l.quantity
	return m.lines[i].quantity <= cart.MaxQuantity
}

func (m *model) total() (sum int64) {
	for _, l := range m.lines {
		sum += l.price * l.quantity
	}
	return sum
}

var modelPrices = map[catalog.SKU]int64{"a": 1, "b": 250, "c": 99_999}

// Any sequence of operations leaves the cart that a slice and a loop would.
func TestCartBehavesLikeItsModel(t *testing.T) {
	s := newShop(t, 2)
	s.sells(modelPrices)
	rapid.Check(t, func(r *rapid.T) {
		lines, m := drawLines(r), model{status: cart.Active}
		for m = applied(m, lines); m.lines == nil; m = applied(model{status: cart.Active}, lines) {
			lines = drawLines(r)
		}
		c, err := s.carts.AddLines(t.Context(), cart.AddLines{Lines: lines})
		if err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			var want model
			want, err = s.anyStep(r, c.ID, m)
			if err == nil {
				m = want
			}
			s.compare(r, c.ID, m)
		}
	})
}

// applied returns the model after AddLines, without lines if it is refused.
func applied(m model, lines []cart.AddedLine) model {
	m.lines = slices.Clone(m.lines)
	for _, l := range lines {
		price := modelPrices[l.SKU]
		if l.AgreedPrice != nil {
			price = l.AgreedPrice.Minor()
		}
		if !m.add(modelLine{l.SKU, price, l.Quantity, l.AgreedPrice != nil}) {
			return model{}
		}
	}
	m.version++
	return m
}

func drawLines(r *rapid.T) []cart.AddedLine {
	line := rapid.Custom(func(r *rapid.T) cart.AddedLine {
		l := cart.AddedLine{SKU: drawSKU(r), Quantity: rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1, cart.MaxQuantity)).Draw(r, "quantity")}
		if rapid.IntRange(0, 3).Draw(r, "agree") == 0 {
			l.AgreedPrice, l.Reason = agreed(rapid.SampledFrom([]int64{0, 1, 7}).Draw(r, "price")), "a test"
		}
		return l
	})
	return rapid.SliceOfN(line, 1, 4).Draw(r, "lines")
}

func drawSKU(r *rapid.T) catalog.SKU {
	return rapid.SampledFrom([]catalog.SKU{"a", "b", "c"}).Draw(r, "sku")
}

// anyStep runs one operation and returns what the model is if it succeeds. An
// outcome that the model does not foresee fails the test.
func (s *shop) anyStep(r *rapid.T, c cart.ID, m model) (want model, err error) {
	version := rapid.SampledFrom([]int64{0, 0, m.version, m.version + 1}).Draw(r, "version")
	allowed := m.status == cart.Active && (version == 0 || version == m.version)
	switch rapid.SampledFrom([]string{"add", "set", "set", "lock", "unlock"}).Draw(r, "step") {
	case "add":
		lines := drawLines(r)
		want = applied(m, lines)
		allowed = allowed && want.lines != nil
		_, err = s.carts.AddLines(s.Context(), cart.AddLines{Cart: c, Lines: lines, Version: version})
	case "set":
		want, allowed, err = s.set(r, c, m, version, allowed)
	case "lock":
		want = m
		want.status, want.version = cart.Locking, m.version+1
		err = s.step("lock", c, version, "ord_1")
	case "unlock":
		want, allowed = m, true
		if m.status == cart.Locking {
			want.status, want.version = cart.Active, m.version+1
		}
		err = s.step("unlock", c, 0, "ord_1")
	}
	if (err == nil) != allowed {
		r.Fatalf("got error %v, but allowed is %t", err, allowed)
	}
	if code := fault.CodeOf(err); err != nil && code == fault.Broken {
		r.Fatalf("an untyped refusal: %v", err)
	}
	return want, err
}

func (s *shop) set(r *rapid.T, c cart.ID, m model, version int64, allowed bool) (model, bool, error) {
	cmd := cart.SetQuantity{Cart: c, SKU: drawSKU(r), Quantity: rapid.SampledFrom([]int64{0, 1, 3, cart.MaxQuantity}).Draw(r, "quantity"), Version: version}
	var same []int
	for i, l := range m.lines {
		if l.sku == cmd.SKU {
			same = append(same, i)
		}
	}
	if len(same) > 1 && rapid.Bool().Draw(r, "named") {
		same = same[:1]
		cmd.Line = s.get(c).Lines[same[0]].ID
	}
	_, err := s.carts.SetQuantity(s.Context(), cmd)
	if _, ambiguous := errors.AsType[*cart.AmbiguousLineError](err); ambiguous != (allowed && len(same) > 1) {
		r.Fatalf("got error %v for %d lines", err, len(same))
	}
	if len(same) != 1 {
		return m, false, err
	}
	m.lines, m.version = slices.Clone(m.lines), m.version+1
	if m.lines[same[0]].quantity = cmd.Quantity; cmd.Quantity == 0 {
		m.lines = slices.Delete(m.lines, same[0], same[0]+1)
	}
	return m, allowed, err
}

func (s *shop) compare(r *rapid.T, c cart.ID, m model) {
	got := s.get(c)
	var lines []modelLine
	for _, l := range got.Lines {
		lines = append(lines, modelLine{l.SKU, l.UnitPrice.Minor(), l.Quantity, l.Reason != ""})
		if l.Total.Minor() != l.UnitPrice.Minor()*l.Quantity {
			r.Fatalf("a line's total is %v: %+v", l.Total, l)
		}
	}
	if !slices.Equal(lines, m.lines) || got.Total != euro(m.total()) || got.Version != m.version || got.Status != m.status {
		r.Fatalf("got %v for %v, %s at version %d; want %+v for %d", lines, got.Total, got.Status, got.Version, m, m.total())
	}
}
