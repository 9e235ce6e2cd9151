package orders_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/orders"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// The document shows what the code does: its diagrams are drawn from the table
// of moves and from the functions that derive the other statuses.
func TestOrderStatesGolden(t *testing.T) {
	file := filepath.Join("..", "docs", "order-states.md")
	got := statesDocument()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("docs/order-states.md is not what the code says; run go test ./orders -run Golden -update and read the difference")
	}
}

func statesDocument() string {
	var b strings.Builder
	b.WriteString(`# The states of an order

An order has three statuses, each with an axis of its own. The test
TestOrderStatesGolden in package orders writes this page from the code.

## Order

The only status that is chosen rather than derived. An order is pending until
its payment is known. A placed order can be canceled while nothing has shipped.

`)
	moves := edges{}
	moves.add("[*]", string(orders.Pending))
	for from, next := range orders.Moves() {
		for _, to := range next {
			moves.add(string(from), string(to))
		}
	}
	moves.draw(&b)
	b.WriteString(`
## Payment

Derived from the order's total and from what was authorized, captured, voided
and refunded so far. Each arrow is one such event, or an authorization that was
captured at once. An order that costs nothing is paid from the start.

`)
	paymentEdges().draw(&b)
	b.WriteString(`
## Fulfilment

Derived from the order's status and the units that have shipped and arrived,
of those that were not canceled. Units that came back are counted beside it and
do not change it.

`)
	fulfilmentEdges().draw(&b)
	b.WriteString(strings.ReplaceAll(returnsText, "~~~", "```"))
	return b.String()
}

const returnsText = `
## What moves the axes

Orders are written by one function, Save, which derives the statuses of payment
and fulfilment from the sums beside them. Each sum has its own records, and
Verify compares them:

| sum | record | commands |
|---|---|---|
| units shipped, delivered | fulfilments, with their lines and events | Ship, Track |
| units canceled | refund grants of the source cancellation | CancelLines |
| units returned | returns, with what was received of each line | Return, ReceiveReturn |
| refund granted | refund grants that were released | GrantRefund, ReleaseRefund |
| authorized, captured, voided, refunded | payments and their operations | those of package payments |

A return is requested, approved or rejected, and received, counted and by
condition, in one parcel or several. Receiving, restocking and paying back are
steps of their own:

~~~mermaid
stateDiagram-v2
    [*] --> requested
    requested --> approved
    requested --> rejected
    requested --> canceled
    approved --> canceled
    approved --> received
~~~

A refund is granted by who decides and released by who pays. What is granted is
capped for each line by what was paid for it, for shipping, and for the order;
what is paid is capped by what each payment has captured:

~~~mermaid
stateDiagram-v2
    [*] --> granted
    granted --> released
    granted --> withdrawn
~~~
`

// edges are the arrows of a diagram.
type edges map[string]bool

func (e edges) add(from, to string) {
	if from != to {
		e[from+" --> "+to] = true
	}
}

func (e edges) draw(b *strings.Builder) {
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	for _, arrow := range slices.Sorted(maps.Keys(e)) {
		fmt.Fprintf(b, "    %s\n", arrow)
	}
	b.WriteString("```\n")
}

// paymentEdges walks through all that can happen to the payment of an order of
// three units of money, of which up to five are authorized.
func paymentEdges() edges {
	type sums struct{ authorized, captured, voided, refunded int64 }
	const total, most = 3, 5
	of := func(s sums) string {
		return string(orders.PaymentStatusOf(total, s.authorized, s.captured, s.voided, s.refunded, s.refunded))
	}
	out := edges{}
	out.add("[*]", of(sums{}))
	seen := map[sums]bool{{}: true}
	for queue := []sums{{}}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		for n := int64(1); n <= most; n++ {
			for _, next := range []sums{
				{s.authorized + n, s.captured, s.voided, s.refunded},
				{s.authorized + n, s.captured + n, s.voided, s.refunded},
				{s.authorized, s.captured + n, s.voided, s.refunded},
				{s.authorized, s.captured, s.voided + n, s.refunded},
				{s.authorized, s.captured, s.voided, s.refunded + n},
			} {
				possible := next.authorized <= most && next.captured+next.voided <= next.authorized && next.refunded <= next.captured
				if !possible {
					continue
				}
				out.add(of(s), of(next))
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	return out
}

func fulfilmentEdges() edges {
	of := func(s orders.Status, shipped, delivered int64) string {
		return string(orders.FulfilmentStatusOf(s, 3, shipped, delivered))
	}
	out := edges{}
	out.add("[*]", of(orders.Pending, 0, 0))
	out.add(of(orders.Placed, 0, 0), of(orders.Canceled, 0, 0))
	for from := range int64(3) {
		for to := from + 1; to <= 3; to++ {
			out.add(of(orders.Placed, from, 0), of(orders.Placed, to, 0))
		}
		out.add(of(orders.Placed, 3, from), of(orders.Placed, 3, 3))
	}
	return out
}
