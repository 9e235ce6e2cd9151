package storefront

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/keelshop/commerce/catalog"
)

// mostSitemap is how many addresses one site map may hold, as sitemaps.org has
// it.
const mostSitemap = 50_000

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// firstPart names the site map of a large shop that begins with its home page;
// the others are named by the product that they come after.
const firstPart = "first"

// sitemap names the pages that search engines should know. If they are more than
// one map may hold, it is an index of maps, each of which is a part of this one.
func sitemap(v *visit) error {
	m, err := v.siteMap("")
	if part := v.r.URL.Query().Get("part"); err == nil && part != "" {
		m, err = v.siteMap(m.part(part))
	}
	if errors.Is(err, errMapBusy) {
		v.w.Header().Set("Retry-After", "1")
		v.site.turnAway(v.w, v.r, http.StatusServiceUnavailable, err)
		return nil
	}
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/xml")
	v.w.Header().Set("Cache-Control", "public, max-age=3600")
	return writeSitemap(v.w, m.body, v.origin()+v.site.Base)
}

// siteMap returns the map of a part. It waits for others as long as a page may
// take.
func (v *visit) siteMap(part string) (keptMap, error) {
	ctx, cancel := context.WithTimeout(v.ctx(), v.site.Patience)
	defer cancel()
	return v.site.maps.get(ctx, part, v.site.shop.Latest(), func() (keptMap, error) { return v.makeSitemap(part) })
}

// writeSitemap sends a map, with the root before each address. The map is not
// copied: a client may take its time.
func writeSitemap(w io.Writer, body []byte, root string) error {
	var loc bytes.Buffer
	loc.WriteString("<loc>") // not in a handle, in which < is escaped
	if err := xml.EscapeText(&loc, []byte(root)); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 32<<10)
	for {
		before, after, more := bytes.Cut(body, []byte("<loc>"))
		_, _ = out.Write(before) // the client has gone if this fails
		if !more {
			_ = out.Flush() // as above
			return nil
		}
		_, _ = out.Write(loc.Bytes())
		body = after
	}
}

// makeSitemap makes a part of the map, or the whole if that is "", for those of
// whom nothing is known. It goes on when the client has gone, or nobody in a hurry
// would ever get a large one.
func (v *visit) makeSitemap(part string) (keptMap, error) {
	ctx := context.WithoutCancel(v.ctx())
	v.currency, v.market = v.site.Currencies[0], ""
	m := siteMap{most: mostSitemap, part: part}
	if m.part == "" || m.part == firstPart {
		m.urls = append(m.urls, sitemapURL{Loc: "/"})
		tree, err := v.site.shop.Catalog.Categories(ctx)
		if err != nil {
			return keptMap{}, err
		}
		for c := range tree.All() {
			m.urls = append(m.urls, sitemapURL{"/c/" + c.Handle, c.UpdatedAt.Format(time.DateOnly)})
		}
	}
	m.all = len(m.urls)
	for p, err := range v.site.shop.Catalog.All(ctx, catalog.Filter{Status: catalog.Active, After: m.after()}) {
		if err != nil {
			return keptMap{}, err
		}
		if !v.offered(p).Visible { // its name may be a secret yet
			continue
		}
		if !m.add(p.ID, sitemapURL{"/p/" + p.Handle, p.UpdatedAt.Format(time.DateOnly)}) {
			break
		}
	}
	body, err := xml.Marshal(m.answer("/sitemap.xml?part="))
	return keptMap{body: append([]byte(xml.Header), body...), next: m.next}, err
}

// siteMap is a site map that is being made.
type siteMap struct {
	most int
	part string // "" is all of it, or the index

	urls []sitemapURL // the first ones of the part
	all  int          // how many there are
	last catalog.ProductID
	next []catalog.ProductID // what the parts behind this one come after
}

// after returns the product that the part comes after.
func (m *siteMap) after() catalog.ProductID {
	if m.part == firstPart {
		return ""
	}
	return catalog.ProductID(m.part)
}

// add adds a product, the next one, and reports whether the part goes on.
func (m *siteMap) add(p catalog.ProductID, u sitemapURL) bool {
	if m.all == m.most*(len(m.next)+1) {
		if m.part != "" {
			return false
		}
		m.next = append(m.next, m.last)
	}
	m.all++
	m.last = p
	if len(m.urls) < m.most {
		m.urls = append(m.urls, u)
	}
	return true
}

// answer returns the map, or the index of its parts, whose addresses begin with
// prefix.
func (m *siteMap) answer(prefix string) any {
	if len(m.next) == 0 {
		return struct {
			XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
			URLs    []sitemapURL `xml:"url"`
		}{URLs: m.urls}
	}
	maps := []sitemapURL{{Loc: prefix + firstPart}}
	for _, p := range m.next {
		maps = append(maps, sitemapURL{Loc: prefix + url.QueryEscape(string(p))})
	}
	return struct {
		XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
		Maps    []sitemapURL `xml:"sitemap"`
	}{Maps: maps}
}
