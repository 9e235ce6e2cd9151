package storefront

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
)

// pageCache keeps pages that are the same for many shoppers. It is safe for
// concurrent use.
//
// A page is good as long as nothing has happened in the store, and for a moment
// longer, so that a shop that sells all the time renders it once a second. What
// binds, the cart and the checkout, is never kept. Prices and offers that begin
// at a certain time are why no page is kept for long.
//
// Pages that nobody has asked for while half of all were made anew go first: who
// asks for very many that nobody else wants does not push out those that
// everybody does.
type pageCache struct {
	mu    sync.RWMutex
	young map[pageKey]cachedPage // asked for since the others became old
	old   map[pageKey]cachedPage
}

const (
	pageLag   = time.Second      // after something has happened
	pageLife  = 10 * time.Second // if nothing has
	mostPages = 2000             // of 30 KB at most and 6 KB compressed: 72 MB
)

// pageKey is everything that a cached page depends on but the store.
type pageKey struct {
	host, uri string
	locale    *locale
	currency  money.Currency
	market    string // the country that goods go to
}

type cachedPage struct {
	body []byte
	gzip []byte // the same, compressed; nil for a page that is not kept
	tag  string
	tags string // what it shows: see visit.tag
	at   commerce.Position
	made time.Time
}

// get returns a page that is still good.
func (c *pageCache) get(key pageKey, now commerce.Position) (cachedPage, bool) {
	c.mu.RLock()
	p, ok := c.young[key]
	aged := false
	if !ok {
		p, aged = c.old[key]
	}
	c.mu.RUnlock()
	age := time.Since(p.made)
	if !ok && !aged || age >= pageLag && (p.at != now || age >= pageLife) {
		return cachedPage{}, false
	}
	if aged {
		c.put(key, p)
	}
	return p, true
}

// put keeps a page.
func (c *pageCache) put(key pageKey, p cachedPage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= mostPages/2 {
		c.young, c.old = map[pageKey]cachedPage{}, c.young
	}
	c.young[key] = p
}

// compress keeps a compressed copy, since compressing takes ten times as long as
// all else that sending a kept page takes.
func (p *cachedPage) compress() error {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(p.body)
	err = errors.Join(err, w.Close())
	p.gzip = b.Bytes()
	return err
}

// takesGzip reports whether a browser that sends this Accept-Encoding takes
// gzip. Those that order it by preference only, with q, get what the middleware
// makes of it.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		if strings.TrimSpace(part) == "gzip" {
			return true
		}
	}
	return false
}

// cached is a page that may be kept for those who are not logged in. It depends
// on these parameters of the address, and is made as if there were no others.
func cached(h func(*visit) error, params []string) func(*visit) error {
	return func(v *visit) error {
		v.narrow(params)
		if !v.public { // prices may be the customer's own
			return h(v)
		}
		v.tag("catalog")
		v.key = &pageKey{
			host: v.r.Host, uri: v.r.URL.RequestURI(), locale: v.locale, currency: v.currency, market: v.market,
		}
		if len(v.key.uri) > mostText*4 {
			v.key = nil
			return h(v)
		}
		v.latest = v.site.shop.Latest() // before anything is read, so that what happens meanwhile counts as later
		p, ok := v.site.cache.get(*v.key, v.latest)
		web.SetKept(v.ctx(), ok)
		if ok {
			v.respond(p)
			return nil
		}
		return h(v)
	}
}

// narrow leaves of the query what the page depends on, in one order, so that
// neither what others append nor the order of things makes another page of it.
func (v *visit) narrow(params []string) {
	known := url.Values{}
	for name, values := range v.r.URL.Query() {
		if slices.ContainsFunc(params, func(p string) bool { return name == p || strings.HasSuffix(p, ".") && strings.HasPrefix(name, p) }) {
			known[name] = values
		}
	}
	address := *v.r.URL
	address.RawQuery, address.ForceQuery = known.Encode(), false
	v.r = v.r.WithContext(v.ctx()) // a copy
	v.r.URL = &address
}

// units returns how many units are in the shopper's cart.
func (v *visit) units() (n int64) {
	for _, l := range v.basket.Lines {
		n += l.Quantity
	}
	return n
}
