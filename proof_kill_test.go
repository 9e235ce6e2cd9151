package commerce_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// What the process that is to be killed is told: the store, the bank, the card,
// and the I/O call of the checkout in which it dies.
const (
	victimDir  = "COMMERCE_VICTIM_DIR"
	victimBank = "COMMERCE_VICTIM_BANK"
	victimCard = "COMMERCE_VICTIM_CARD"
	victimCall = "COMMERCE_VICTIM_CALL"
)

// TestKilledInsideACheckout kills a process with SIGKILL inside the N-th I/O call
// of a checkout, for N from 1 until it survives: in the middle of a log entry,
// of a shard's transaction, between the two and beside the bank. Whoever opens
// the store then and asks again gets one order, and bank, ledger, stock and cart
// agree. COMMERCE_LONG=1 leaves no call out.
func TestKilledInsideACheckout(t *testing.T) {
	if os.Getenv(victimDir) != "" {
		victim(t)
		return
	}
	step := 29
	if long() {
		step = 1
	}
	from := filepath.Join(t.TempDir(), "shop")
	shop := open(t, from, commerce.WithShards(2))
	stock(t, shop, "mug", 10)
	must(t, shop.Close())
	for _, card := range []string{approves, declines} {
		t.Run(card, func(t *testing.T) {
			kills := 0
			for n := 1; killedAt(t, image(t, from), card, n) && !t.Failed(); n += step {
				kills++
			}
			if kills < 3 {
				t.Errorf("only %d processes were killed: the checkout has not been reached", kills)
			}
		})
	}
}

// killedAt reports whether the process was killed.
func killedAt(t *testing.T, dir, card string, n int) (killed bool) {
	t.Helper()
	bank := simulator.New()
	desk := httptest.NewServer(deskOf(bank))
	defer desk.Close()
	self, err := os.Executable()
	must(t, err)
	c := exec.CommandContext(t.Context(), self, "-test.run=^TestKilledInsideACheckout$", "-test.count=1")
	c.Env = append(os.Environ(), victimDir+"="+dir, victimBank+"="+desk.URL, victimCard+"="+card, victimCall+"="+strconv.Itoa(n))
	out, err := c.CombinedOutput()
	if exited, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exited.Exited()) {
		t.Fatalf("call %d: the process ended by itself: %v\n%s", n, err, out)
	}
	var basket cart.ID
	for line := range strings.Lines(string(out)) {
		if after, ok := strings.CutPrefix(line, "cart "); ok {
			basket = cart.ID(strings.TrimSpace(after))
		}
	}
	if basket == "" {
		t.Fatalf("call %d: no cart\n%s", n, out)
	}
	again(t, fmt.Sprint("call ", n), dir, card, basket, bank)
	return err != nil
}

// again is what happens after the process has died.
func again(t *testing.T, name, dir, card string, basket cart.ID, bank *simulator.Simulator) {
	t.Helper()
	shop := commercetest.OpenAt(t, dir, commerce.WithShards(2), commerce.WithPayments(bank))
	sold := int64(0)
	r, err := shop.Checkout.Complete(t.Context(), victimsCheckout(basket, card))
	if declined := new(checkout.DeclinedError); card == declines && !errors.As(err, &declined) {
		t.Errorf("%s: asked again: %s, %v; want a DeclinedError", name, r.Status, err)
	}
	if card == approves {
		if sold = 2; err != nil {
			t.Errorf("%s: asked again: %v", name, err)
		}
		eventually(t, name+": the order is placed", func() bool {
			o, err := shop.Orders.Get(context.Background(), r.ID)
			return err == nil && o.Status == orders.Placed
		})
	}
	eventually(t, name+": the cart is at rest", func() bool {
		c, err := shop.Carts.Get(context.Background(), basket)
		return err == nil && (sold > 0 && c.Status == cart.Completed || sold == 0 && c.Status == cart.Active)
	})
	n := 0
	for o, err := range shop.Orders.All(t.Context(), orders.Filter{}) {
		must(t, err)
		if o.Status == orders.Placed {
			n++
		}
	}
	if l := levelOf(t, shop, "mug"); int64(n) != sold/2 || l.Available != 10-sold || l.Committed != sold || l.Held != 0 {
		t.Errorf("%s: %d orders are placed, the stock is %+v; want %d units sold", name, n, l, sold)
	}
	if err := moneyAgrees(shop, bank); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	commercetest.Verify(t, shop)
	must(t, shop.Close())
}

func victimsCheckout(c cart.ID, card string) checkout.Complete {
	return checkout.Complete{Cart: c, PayWith: "simulator", Token: card, Key: "purchase"}
}

// victim runs in the process that dies.
func victim(t *testing.T) {
	n, err := strconv.ParseInt(os.Getenv(victimCall), 10, 64)
	must(t, err)
	fs := faultvfs.New("victim")
	shop, err := commerce.Open(t.Context(), os.Getenv(victimDir), commerce.WithVFS(fs.Name()), commerce.WithPayments(line(os.Getenv(victimBank))))
	must(t, err)
	basket := basket(t, shop, "mug", 2)
	fmt.Printf("cart %s\n", basket)
	fs.Reset()
	fs.HangAt(n, faultvfs.Any)
	go func() {
		<-fs.Hung()
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		panic(fmt.Sprint("the process lives on: ", err))
	}()
	_, err = shop.Checkout.Complete(context.Background(), victimsCheckout(basket, os.Getenv(victimCard)))
	if declined := new(checkout.DeclinedError); err != nil && !errors.As(err, &declined) {
		t.Fatal(err)
	}
	fs.Reset()
	must(t, shop.Close())
}

// deskOf is a bank that processes come to.
func deskOf(bank *simulator.Simulator) http.Handler {
	desk := http.NewServeMux()
	desk.Handle("/pay", asks(bank.Pay))
	desk.Handle("/retrieve", asks(bank.Retrieve))
	desk.Handle("/capture", asks(bank.Capture))
	desk.Handle("/void", asks(bank.Void))
	desk.Handle("/refund", asks(bank.Refund))
	return desk
}

func asks[R any](bank func(context.Context, R) (payments.Outcome, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var r R
		err := json.NewDecoder(bufio.NewReader(req.Body)).Decode(&r)
		var o payments.Outcome
		if err == nil {
			o, err = bank(context.WithoutCancel(req.Context()), r)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(o)
	})
}

// line is the way to a desk.
type line string

func (l line) Name() string { return "simulator" }

func (l line) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	return l.ask(ctx, "/pay", r)
}

func (l line) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	return l.ask(ctx, "/retrieve", r)
}

func (l line) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	return l.ask(ctx, "/capture", r)
}

func (l line) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	return l.ask(ctx, "/void", r)
}

func (l line) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return l.ask(ctx, "/refund", r)
}

func (l line) ask(ctx context.Context, what string, r any) (o payments.Outcome, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return o, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(l)+what, bytes.NewReader(body))
	if err != nil {
		return o, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return o, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return o, errors.New(resp.Status)
	}
	return o, json.NewDecoder(resp.Body).Decode(&o)
}
