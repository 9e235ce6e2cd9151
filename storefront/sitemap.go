package storefront

import (
	"encoding/xml"
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
	root := v.origin() + v.site.Base
	m := siteMap{most: mostSitemap, part: v.r.URL.Query().Get("part")}
	if m.part == "" || m.part == firstPart {
		m.urls = append(m.urls, sitemapURL{Loc: root + "/"})
		tree, err := v.site.shop.Catalog.Categories(v.ctx())
		if err != nil {
			return err
		}
		for c := range tree.All() {
			m.urls = append(m.urls, sitemapURL{root + "/c/" + c.Handle, c.UpdatedAt.Format(time.DateOnly)})
		}
	}
	m.all = len(m.urls)
	for p, err := range v.site.shop.Catalog.All(v.ctx(), catalog.Filter{Status: catalog.Active, After: m.after()}) {
		if err != nil {
			return err
		}
		if !v.offered(p).Visible { // its name may be a secret yet
			continue
		}
		if !m.add(p.ID, sitemapURL{root + "/p/" + p.Handle, p.UpdatedAt.Format(time.DateOnly)}) {
			break
		}
	}
	body, err := xml.Marshal(m.answer(root + "/sitemap.xml?part="))
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/xml")
	v.w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = v.w.Write(append([]byte(xml.Header), body...)) // the client has gone if this fails
	return nil
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
