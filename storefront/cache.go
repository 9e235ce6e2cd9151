package storefront

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/money"
)

// pageCache keeps pages that are the same for many shoppers. It is safe for
// concurrent use.
//
// A page is good as long as nothing has happened in the store, and for a moment
// longer, so that a shop that sells all the time renders it once a second. What
// binds, the cart and the checkout, is never kept. Prices and offers that begin
// at a certain time are why no page is kept for long.
type pageCache struct {
	mu    sync.RWMutex
	pages map[pageKey]cachedPage
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
	p, ok := c.pages[key]
	c.mu.RUnlock()
	age := time.Since(p.made)
	return p, ok && (age < pageLag || p.at == now && age < pageLife)
}

// put keeps a page. When there are too many, all go: which ones are asked for
// most is found out again at once.
func (c *pageCache) put(key pageKey, p cachedPage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pages) >= mostPages || c.pages == nil {
		c.pages = map[pageKey]cachedPage{}
	}
	c.pages[key] = p
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

// cached is a page that may be kept for those who are not logged in.
func cached(h func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if !v.public { // prices may be the customer's own
			return h(v)
		}
		v.tag("catalog")
		v.key = &pageKey{
			host: v.r.Host, uri: v.r.URL.RequestURI(), locale: v.locale, currency: v.currency, market: v.market,
		}
		if _, err := url.ParseQuery(v.r.URL.RawQuery); err != nil || len(v.key.uri) > mostText*4 {
			v.key = nil
			return h(v)
		}
		v.latest = v.site.shop.Latest() // before anything is read, so that what happens meanwhile counts as later
		if p, ok := v.site.cache.get(*v.key, v.latest); ok {
			v.respond(p)
			return nil
		}
		return h(v)
	}
}

// units returns how many units are in the shopper's cart.
func (v *visit) units() (n int64) {
	for _, l := range v.basket.Lines {
		n += l.Quantity
	}
	return n
}
