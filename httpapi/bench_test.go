package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
)

// BenchmarkLoopback measures the API over TCP, with the load generator in the
// same process and all parts in place, beside a bare net/http handler that
// writes the same bytes. cpu-us/op counts both sides. Once with a shard for
// each processor, which is the most that one machine gains from, and once with
// as many as a store gets that may grow to several machines.
func BenchmarkLoopback(b *testing.B) {
	for _, shards := range []int{runtime.GOMAXPROCS(0), commerce.DefaultShards} {
		b.Run(fmt.Sprintf("shards=%d", shards), func(b *testing.B) { loopback(b, shards) })
	}
}

func loopback(b *testing.B, shards int) {
	shop := commercetest.Open(b, commerce.WithShards(shards), commerce.WithPayments(simulator.New()))
	fill(b, shop)
	plenty := httpapi.Rate{Requests: 1 << 30, Per: 10 * time.Second} // counted, and never too many
	api, err := httpapi.New(shop, httpapi.Options{
		PerAddress: plenty, PerAccount: plenty, PerSecret: plenty, Patience: time.Minute, // everybody is served, however long it takes
	})
	if err != nil {
		b.Fatal(err)
	}
	addr := listen(b, api)
	sample := dial(b, addr)
	product := sample.must(b, "GET", "/products/item-7", "")
	bare := listen(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(product)
	}))
	// The shards borrow stock before anything is measured.
	load(b, addr, 64, 10*items, func(c *wire, n int64) {
		c.must(b, "POST", c.start3(b, n)+"/checkout", goodCard)
	})
	for _, clients := range []int{64, 256, 1024} {
		run := func(name, addr string, walk func(c *wire, n int64)) {
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) { measure(b, addr, clients, walk) })
		}
		run("bare", bare, func(c *wire, _ int64) { c.must(b, "GET", "/products/item-7", "") })
		run("product", addr, func(c *wire, n int64) { c.must(b, "GET", "/products/item-"+strconv.FormatInt(n%items, 10), "") })
		run("add-to-cart", addr, func(c *wire, n int64) {
			if c.cart == "" || c.lines == 20 { // a cart of ordinary size
				c.cart, c.lines = c.start(b, n), 0
				return
			}
			c.lines++
			c.must(b, "POST", c.cart+"/lines", fmt.Sprintf(`{"lines":[{"sku":"item-%d","quantity":1}]}`, n%items))
		})
		run("checkout-4", addr, func(c *wire, n int64) {
			cart := c.start3(b, n)
			c.must(b, "PATCH", cart, `{"contact":{"email":"ann@example.com","name":"Ann","shipping_address":{"line1":"1 Way","city":"Ulm","postcode":"89073","country":"DE"}}}`)
			c.must(b, "GET", cart+"/quote", "")
			c.must(b, "POST", cart+"/checkout", goodCard)
		})
		run("checkout-7", addr, func(c *wire, n int64) {
			c.must(b, "GET", "/products/item-"+strconv.FormatInt(n%items, 10), "")
			cart := c.start(b, n)
			c.must(b, "POST", cart+"/lines", fmt.Sprintf(`{"lines":[{"sku":"item-%d","quantity":1}]}`, (n+1)%items))
			c.must(b, "POST", cart+"/lines", fmt.Sprintf(`{"lines":[{"sku":"item-%d","quantity":2}]}`, (n+2)%items))
			c.must(b, "PATCH", cart, `{"contact":{"email":"ann@example.com","name":"Ann","shipping_address":{"line1":"1 Way","city":"Ulm","country":"DE"}}}`)
			c.must(b, "GET", cart+"/quote", "")
			c.must(b, "POST", cart+"/checkout", goodCard)
		})
	}
}

// items is how many products the shop has.
const items = 200

// fill puts products into a shop, with stock for a long run.
func fill(b *testing.B, shop *commerce.Store) {
	products := make([]catalog.PutProduct, items)
	lines := make([]inventory.Receive, len(products))
	for i := range products {
		sku := catalog.SKU(fmt.Sprintf("item-%d", i))
		products[i] = catalog.PutProduct{
			SKU: sku, Title: fmt.Sprintf("Item %d", i), Price: money.New(int64(100+i), "EUR"), Brand: "Plain",
			Description: strings.Repeat("A thing that somebody may want to have. ", 12),
		}
		lines[i] = inventory.Receive{SKU: sku, Quantity: 1_000_000}
	}
	if _, err := shop.Catalog.PutProducts(b.Context(), products); err != nil {
		b.Fatal(err)
	}
	for _, l := range lines {
		if _, err := shop.Inventory.Receive(b.Context(), l); err != nil {
			b.Fatal(err)
		}
	}
}

// listen serves h on a free port and returns its address.
func listen(b *testing.B, h http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := web.Server(h, slog.New(slog.DiscardHandler))
	go func() { _ = s.Serve(l) }()
	b.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// measure runs b.N walks as fast as they go and reports how they went, then
// half as many in the same time, and how long the slowest hundredth of those
// took.
func measure(b *testing.B, addr string, clients int, walk func(*wire, int64)) {
	cpu := processTime()
	b.ResetTimer()
	all := load(b, addr, clients, b.N, walk)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "walks/s")
	b.ReportMetric(float64((processTime()-cpu).Microseconds())/float64(b.N), "cpu-us/op")
	b.ReportMetric(p99(all), "p99-ms")
	b.ReportMetric(p99(paced(b, addr, clients, walk)), "p99-half-ms")
	b.ReportMetric(0, "ns/op")
}

// p99 returns what 99 of 100 took at most, in milliseconds.
func p99(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)*99/100].Microseconds()) / 1000
}

// paced runs walks at half the rate that was just measured. Each begins when it
// is due, and its time counts from then: who waits for a client waits.
func paced(b *testing.B, addr string, clients int, walk func(*wire, int64)) []time.Duration {
	walks := max(b.N/2, 1)
	every := 2 * b.Elapsed() / time.Duration(b.N)
	begin := time.Now().Add(10 * time.Millisecond)
	took := make([][]time.Duration, clients)
	var group sync.WaitGroup
	var next atomic.Int64
	for i := range clients {
		c := dial(b, addr)
		group.Go(func() {
			for n := next.Add(1); n <= int64(walks); n = next.Add(1) {
				due := begin.Add(time.Duration(n) * every)
				time.Sleep(time.Until(due))
				walk(c, int64(b.N)+n)
				took[i] = append(took[i], time.Since(due))
			}
		})
	}
	group.Wait()
	return slices.Concat(took...)
}

// load runs walks by many clients at once and returns how long each took.
func load(b *testing.B, addr string, clients, walks int, walk func(*wire, int64)) []time.Duration {
	var next atomic.Int64
	took := make([][]time.Duration, clients)
	var group sync.WaitGroup
	for i := range clients {
		c := dial(b, addr)
		group.Go(func() {
			for n := next.Add(1); n <= int64(walks); n = next.Add(1) {
				start := time.Now()
				walk(c, n)
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	group.Wait()
	return slices.Concat(took...)
}

// processTime returns the processor time that the program has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wire is a client that does no more than it must: one connection, requests
// written as bytes, answers read by their length.
type wire struct {
	conn  net.Conn
	r     *bufio.Reader
	out   []byte
	body  []byte
	cart  string
	lines int
}

func dial(b *testing.B, addr string) *wire {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &wire{conn: conn, r: bufio.NewReaderSize(conn, 8192)}
}

// must sends a request and returns the body of its answer, which is good until
// the next one.
func (c *wire) must(b *testing.B, method, path, body string) []byte {
	c.out = fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: shop.example\r\n", method, path)
	if method != "GET" {
		c.out = fmt.Appendf(c.out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	c.out = append(append(c.out, "\r\n"...), body...)
	if _, err := c.conn.Write(c.out); err != nil {
		b.Error(err)
		return nil
	}
	status, err := c.answer()
	if err != nil || status > 299 {
		b.Errorf("%s %s: %d %s %v", method, path, status, c.body, err)
	}
	return c.body
}

func (c *wire) answer() (status int, err error) {
	length := -1
	for line, err := c.r.ReadSlice('\n'); ; line, err = c.r.ReadSlice('\n') {
		if err != nil {
			return 0, err
		}
		text := strings.TrimSpace(string(line))
		switch name, value, _ := strings.Cut(text, ":"); {
		case text == "":
			return status, c.read(length)
		case status == 0:
			if _, err := fmt.Sscanf(text, "HTTP/1.1 %d", &status); err != nil {
				return 0, err
			}
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, err
			}
		}
	}
}

// read reads a body of a length, or one in chunks.
func (c *wire) read(length int) error {
	c.body = c.body[:0]
	if length >= 0 {
		c.body = slices.Grow(c.body, length)[:length]
		_, err := io.ReadFull(c.r, c.body)
		return err
	}
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return err
		}
		at := len(c.body)
		c.body = slices.Grow(c.body, int(size)+2)[:at+int(size)+2]
		if _, err := io.ReadFull(c.r, c.body[at:]); err != nil {
			return err
		}
		c.body = c.body[:at+int(size)]
		if size == 0 {
			return nil
		}
	}
}

// start makes a cart with one line and returns its path.
func (c *wire) start(b *testing.B, n int64) string {
	return cartPath(b, c.must(b, "POST", "/carts", fmt.Sprintf(`{"lines":[{"sku":"item-%d","quantity":1}]}`, n%items)))
}

// start3 makes a cart with three lines.
func (c *wire) start3(b *testing.B, n int64) string {
	return cartPath(b, c.must(b, "POST", "/carts", fmt.Sprintf(
		`{"lines":[{"sku":"item-%d","quantity":1},{"sku":"item-%d","quantity":2},{"sku":"item-%d","quantity":1}]}`, n%items, (n+1)%items, (n+2)%items)))
}

func cartPath(b *testing.B, body []byte) string {
	var made struct{ ID string }
	if err := json.Unmarshal(body, &made); err != nil {
		b.Error(err)
	}
	return "/carts/" + made.ID
}
