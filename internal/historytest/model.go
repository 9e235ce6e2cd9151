package historytest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What clients ask, each with what they are told.
type (
	Take  struct{ N int64 }          // units of stock; told: Took
	Took  struct{ OK, Unknown bool } // OK: they were there
	Put   struct{ N int64 }          // more units of stock; told: Done
	Set   struct{ N int64 }          // the quantity of a line; told: Done
	Done  struct{ Unknown bool }     // it was done
	Look  struct{}                   // how many there are; told: Seen
	Seen  struct{ N int64 }          // so many
	Make  struct{}                   // an order; told: Made
	Made  struct{ ID string }        // this one
	Find  struct{ ID string }        // an order that somebody was told of; told: Found
	Found struct{ There bool }       // whether there is one
)

// unknown reports whether an operation may have had an effect or not, or may have it yet.
func unknown(output any) bool {
	switch out := output.(type) {
	case Took:
		return out.Unknown
	case Done:
		return out.Unknown
	}
	return false
}

// stockModel is a counter that never goes below zero: what is out of stock must not be there, and what is sold must be.
func stockModel(initial int64) porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{initial} },
		Step: func(state, input, output any) []any {
			have := state.(int64)
			switch in := input.(type) {
			case Take:
				out := output.(Took)
				switch {
				case out.Unknown && have >= in.N:
					return []any{have, have - in.N}
				case out.Unknown:
					return []any{have}
				case out.OK && have >= in.N:
					return []any{have - in.N}
				case !out.OK && have < in.N:
					return []any{have}
				}
			case Put:
				if output.(Done).Unknown {
					return []any{have, have + in.N}
				}
				return []any{have + in.N}
			case Look:
				if output.(Seen).N == have {
					return []any{have}
				}
			}
			return nil
		},
		DescribeOperation: describe,
	}
	return m.ToModel()
}

// cartModel is a register: the quantity of a line.
func cartModel(initial int64) porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{initial} },
		Step: func(state, input, output any) []any {
			switch in := input.(type) {
			case Set:
				if output.(Done).Unknown {
					return []any{state, in.N}
				}
				return []any{in.N}
			case Look:
				if output.(Seen).N == state.(int64) {
					return []any{state}
				}
			}
			return nil
		},
		DescribeOperation: describe,
	}
	return m.ToModel()
}

// orderModel is something that is made once: who asks again gets the same, and from then on it is found.
func orderModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			have := state.(string)
			switch in := input.(type) {
			case Make:
				id := output.(Made).ID
				return have == "" || have == id, id
			case Find:
				return output.(Found).There == (have == in.ID), have
			}
			return false, nil
		},
		DescribeOperation: describe,
	}
}

func describe(input, output any) string { return fmt.Sprintf("%T%v -> %v", input, input, output) }

// Check fails the test unless everything in the history is linearizable, and returns how many operations there are.
// Stock and lines have had the given quantities at first.
func (h *History) Check(t testing.TB, stock, line int64) (operations int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return check(t, "stock", stockModel(stock), h.stock) + check(t, "cart", cartModel(line), h.carts) + check(t, "order", orderModel(), h.orders)
}

func check(t testing.TB, kind string, m porcupine.Model, all objects) (operations int) {
	for name, ops := range all {
		operations += len(ops)
		switch result, info := porcupine.CheckOperationsVerbose(m, ops, time.Minute); result {
		case porcupine.Illegal:
			t.Errorf("the history of %s %s is not linearizable", kind, name)
			if path := fmt.Sprintf("%s/commerce-%s-%s.html", os.TempDir(), kind, name); porcupine.VisualizePath(m, info, path) == nil {
				t.Logf("it is drawn in %s", path)
			}
			for _, op := range ops {
				t.Logf("client %d, %d to %d: %s", op.ClientId, op.Call, op.Return, describe(op.Input, op.Output))
			}
		case porcupine.Unknown:
			t.Logf("the history of %s %s is too entangled to be judged in a minute: %d operations", kind, name, len(ops))
		}
	}
	return operations
}
