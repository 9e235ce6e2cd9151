// Package webhooks tells other programs what happens in a shop: it sends the
// shop's events to the endpoints of package endpoints, signed as Standard
// Webhooks says (https://www.standardwebhooks.com).
//
//	sending, err := webhooks.Start(ctx, shop, webhooks.Options{})
//	…
//	err = sending.Close()
//
// Every event is sent at least once, with the same webhook-id each time, so
// that a consumer can tell a repetition. What happens to one thing, and to all
// that belongs to one customer or guest, arrives in the order in which it
// happened: the next event is sent when the one before was delivered or given
// up. Each endpoint has a queue of its own;
// one that is slow or gone holds up nobody else.
//
// The events themselves are the queue: they are in the store for thirty days,
// and an endpoint has a position in them. So nothing is lost when the program
// dies, and there is nothing that fills up.
//
// A consumer that is written in Go calls [Verify] and decodes a [Message].
package webhooks

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"code.dny.dev/ssrf"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
)

// Options says how events are sent. Its zero value means the defaults.
type Options struct {
	// Logger is told of what no caller hears of. It defaults to silence.
	Logger *slog.Logger
	// Timeout bounds one attempt, 10 seconds by default.
	Timeout time.Duration
	// Parallel is how many events are sent to one endpoint at once, 8 by
	// default. Those of one customer are sent one after the other all the same.
	Parallel int
	// FirstRetry and LongestRetry bound the pause after a failure, which doubles
	// each time: 5 seconds and an hour by default.
	FirstRetry, LongestRetry time.Duration
	// Attempts is how often an event is tried that an endpoint does not take
	// although it takes others, 10 by default. Then it is given up and noted.
	Attempts int
	// DisableAfter is how long an endpoint may take nothing at all before it is
	// disabled, 5 days by default.
	DisableAfter time.Duration
	// AllowPrivate permits plain HTTP and addresses that are not public. Set it
	// only if nobody but the shop's own people can add endpoints: else a request
	// could be sent to what only this machine can reach.
	AllowPrivate bool
}

func (o Options) withDefaults() Options {
	o.Logger = pan.Logger(o.Logger)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Parallel = cmp.Or(o.Parallel, 8)
	o.FirstRetry, o.LongestRetry = cmp.Or(o.FirstRetry, 5*time.Second), cmp.Or(o.LongestRetry, time.Hour)
	o.Attempts = cmp.Or(o.Attempts, 10)
	o.DisableAfter = cmp.Or(o.DisableAfter, 5*24*time.Hour)
	return o
}

func (o Options) check() error {
	if min(o.Timeout, o.FirstRetry, o.LongestRetry, o.DisableAfter) < 0 || o.Parallel < 0 || o.Attempts < 0 || o.LongestRetry < o.FirstRetry {
		return fault.New(fault.Invalid, "the options of webhooks hold something negative, or a longest pause that is shorter than the first")
	}
	return nil
}

const (
	leaseTime  = 30 * time.Second
	leaseRenew = 10 * time.Second
	pollTime   = 250 * time.Millisecond // how soon a change of an endpoint is seen
)

// CheckURL returns fault.Invalid, in the field url, for an address that the
// dispatcher would never send to: one without TLS, or that is plainly not public.
// What its name leads to is only known when something is sent, and looked at
// then.
func (d *Dispatcher) CheckURL(address string) error {
	if d.opt.AllowPrivate {
		return nil
	}
	return CheckURL(address)
}

// CheckURL is Dispatcher.CheckURL for a program that sends nothing itself: it
// goes by a dispatcher that sends to public addresses only.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return nil // endpoints.Put says what an address looks like
	}
	if u.Scheme != "https" {
		return fault.InField("url", fault.New(fault.Invalid, "events are sent over https only"))
	}
	name := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	private := name == "localhost" || strings.HasSuffix(name, ".localhost") || numeric(name)
	if ip, err := netip.ParseAddr(name); err == nil {
		network := "tcp4"
		if ip.Is6() {
			network = "tcp6"
		}
		private = ssrf.New(ssrf.WithAnyPort()).Safe(network, netip.AddrPortFrom(ip, 443).String(), nil) != nil
	}
	if private {
		return fault.InField("url", fault.New(fault.Invalid, "events are sent to public addresses only"))
	}
	return nil
}

// numeric reports whether a host is an address in one of the forms, as 127.1 or
// 0x7f000001, that some resolvers take for one: no name of the Internet ends in a
// number.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x"))
}

// Dispatcher sends the events of one store. Start it once in each program that
// has the store open: one of them sends, the others wait until it is gone.
type Dispatcher struct {
	shop   *commerce.Store
	opt    Options
	sender *sender
	run    string

	stop context.CancelFunc
	done chan struct{}
}

// Start begins to send. It goes on until Close is called, ctx ends or the store
// is closed.
func Start(ctx context.Context, shop *commerce.Store, opt Options) (*Dispatcher, error) {
	opt = opt.withDefaults()
	if err := opt.check(); err != nil {
		return nil, err
	}
	d := &Dispatcher{shop: shop, opt: opt, sender: newSender(opt), run: rand.Text(), done: make(chan struct{})}
	ctx, d.stop = context.WithCancel(ctx)
	go func() {
		defer close(d.done)
		defer d.sender.close()
		d.work(ctx)
	}()
	return d, nil
}

// Close ends the sending: attempts under way are broken off, what was delivered
// is noted. Close it before the store.
func (d *Dispatcher) Close() error {
	d.stop()
	<-d.done
	return nil
}

// work delivers whenever this run has the lease.
func (d *Dispatcher) work(ctx context.Context) {
	for begin := true; ctx.Err() == nil && !d.shop.Closed(); begin = false {
		err := d.lease(ctx, begin, leaseTime)
		if err == nil {
			d.deliver(ctx)
			continue
		}
		if !noLease(err) && ctx.Err() == nil {
			d.opt.Logger.Warn("webhooks are not sent and will be tried again", "error", err)
		}
		pause(ctx, leaseRenew)
	}
}

func (d *Dispatcher) lease(ctx context.Context, begin bool, until time.Duration) error {
	return d.shop.Endpoints.Lease(ctx, endpoints.Lease{Holder: d.shop.Node(), Run: d.run, Begin: begin, For: until})
}

// deliver runs a queue for each endpoint until the lease is lost or ctx ends.
func (d *Dispatcher) deliver(ctx context.Context) {
	queues := map[endpoints.ID]*worker{}
	defer d.leave(context.WithoutCancel(ctx), queues)
	renewed := time.Now()
	for {
		err := d.match(ctx, queues)
		if noLease(err) {
			return
		}
		if err != nil && ctx.Err() == nil {
			d.opt.Logger.Warn("the endpoints of webhooks could not be read and will be tried again", "error", err)
		}
		if d.shop.Closed() || !pause(ctx, pollTime) {
			return
		}
		if time.Since(renewed) < leaseRenew {
			continue
		}
		err = d.lease(ctx, false, leaseTime)
		if noLease(err) || err != nil && time.Since(renewed) >= leaseTime {
			return
		}
		if err == nil {
			renewed = time.Now()
		}
	}
}

// leave ends all queues and gives the lease up, so that another node need not
// wait for its end.
func (d *Dispatcher) leave(ctx context.Context, queues map[endpoints.ID]*worker) {
	var all sync.WaitGroup
	for _, w := range queues {
		all.Go(w.end)
	}
	all.Wait()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_ = d.lease(ctx, false, 0) // it ends by itself
}

// match starts, restarts and ends queues so that they are those of the
// endpoints as they are now. The error is a *endpoints.LeaseError if a queue has
// found that another run delivers.
func (d *Dispatcher) match(ctx context.Context, queues map[endpoints.ID]*worker) error {
	versions, err := d.shop.Endpoints.Versions(ctx)
	if err != nil {
		return err
	}
	for id, w := range queues {
		if versions[id] != w.version || w.ended() {
			w.end()
			delete(queues, id)
			if noLease(w.err) {
				return w.err
			}
		}
	}
	for id, version := range versions {
		if queues[id] == nil {
			queues[id] = d.startWorker(ctx, id, version)
		}
	}
	return nil
}

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
