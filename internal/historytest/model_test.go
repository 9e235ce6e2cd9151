package historytest

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestModelsFindWhatIsWrong: the models are not content with everything.
func TestModelsFindWhatIsWrong(t *testing.T) {
	op := func(from, to int64, in, out any) porcupine.Operation {
		return porcupine.Operation{Input: in, Output: out, Call: from, Return: to}
	}
	for name, c := range map[string]struct {
		model porcupine.Model
		ops   []porcupine.Operation
		right bool
	}{
		"sold twice":            {stockModel(1), []porcupine.Operation{op(1, 2, Take{1}, Took{OK: true}), op(3, 4, Take{1}, Took{OK: true})}, false},
		"not sold though there": {stockModel(1), []porcupine.Operation{op(1, 2, Take{1}, Took{})}, false},
		"out of stock":          {stockModel(1), []porcupine.Operation{op(1, 2, Take{1}, Took{OK: true}), op(3, 4, Take{1}, Took{})}, true},
		"a doubt explains it":   {stockModel(1), []porcupine.Operation{op(1, forever, Take{1}, Took{Unknown: true}), op(3, 4, Take{1}, Took{})}, true},
		"but not both":          {stockModel(1), []porcupine.Operation{op(1, forever, Take{1}, Took{Unknown: true}), op(3, 4, Take{1}, Took{}), op(5, 6, Take{1}, Took{OK: true})}, false},
		"an old quantity":       {cartModel(1), []porcupine.Operation{op(1, 2, Set{2}, Done{}), op(3, 4, Look{}, Seen{1})}, false},
		"back and forth":        {cartModel(1), []porcupine.Operation{op(1, 9, Set{2}, Done{}), op(3, 4, Look{}, Seen{2}), op(5, 6, Look{}, Seen{1})}, false},
		"two orders":            {orderModel(), []porcupine.Operation{op(1, 2, Make{}, Made{"a"}), op(3, 4, Make{}, Made{"b"})}, false},
		"an order that is gone": {orderModel(), []porcupine.Operation{op(1, 2, Make{}, Made{"a"}), op(3, 4, Find{"a"}, Found{false})}, false},
		"asked twice":           {orderModel(), []porcupine.Operation{op(1, 2, Make{}, Made{"a"}), op(3, 4, Make{}, Made{"a"}), op(5, 6, Find{"a"}, Found{true})}, true},
	} {
		if got := porcupine.CheckOperations(c.model, c.ops); got != c.right {
			t.Errorf("%s: linearizable %v", name, got)
		}
	}
}

// TestOldReadsAreToldFromTooOldOnes: what was confirmed longer ago than a read may be old must be seen by it.
func TestOldReadsAreToldFromTooOldOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h History
		h.Cart("c", 1, h.Begin(), Set{2}, Done{})
		time.Sleep(time.Second)
		h.Cart("c", 1, h.Begin(), Set{3}, Done{})
		time.Sleep(time.Second)
		for age, right := range map[time.Duration]bool{500 * time.Millisecond: false, 1500 * time.Millisecond: true} {
			read := porcupine.Operation{ClientId: 2, Input: Look{}, Output: Seen{2}, Call: h.Ago(age), Return: h.Begin()}
			if got := porcupine.CheckOperations(cartModel(1), append(slices.Clone(h.carts["c"]), read)); got != right {
				t.Errorf("a read of a value that was replaced a second ago, by at most %v: right %v", age, got)
			}
		}
	})
}
