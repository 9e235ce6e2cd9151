package storefront

import (
	"encoding/xml"
	"net/url"
	"sync"
	"time"

	"github.com/keelshop/commerce"
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

// siteMaps keeps site maps, since each takes a look at all products. One is good
// as long as nothing has happened in the store, for an hour at most since offers
// begin and end, and for a minute while the shop sells. It is safe for concurrent
// use; one map is made at a time.
type siteMaps struct {
	mu   sync.Mutex
	kept map[string]keptMap
}

type keptMap struct {
	body []byte
	at   commerce.Position
	made time.Time
}

const (
	mapLag   = time.Minute // after something has happened
	mapLife  = time.Hour   // if nothing has
	mostMaps = 8           // of 6 MB at most; when there are more, all go
)

func (k keptMap) good(now commerce.Position) bool {
	age := time.Since(k.made)
	return k.body != nil && (age < mapLag || k.at == now && age < mapLife)
}

// get returns a map that is still good, or one that make makes.
func (s *siteMaps) get(name string, now commerce.Position, make func() ([]byte, error)) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.kept[name]; k.good(now) {
		return k.body, nil
	}
	body, err := make()
	if err != nil {
		return nil, err
	}
	if s.kept == nil || len(s.kept) >= mostMaps {
		s.kept = map[string]keptMap{}
	}
	s.kept[name] = keptMap{body: body, at: now, made: time.Now()}
	return body, nil
}

// sitemap names the pages that search engines should know. If they are more than
// one map may hold, it is an index of maps, each of which is a part of this one.
func sitemap(v *visit) error {
	root, part := v.origin()+v.site.Base, v.r.URL.Query().Get("part")
	body, err := v.site.maps.get(root+" "+part, v.site.shop.Latest(), func() ([]byte, error) { return v.makeSitemap(root, part) })
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/xml")
	v.w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = v.w.Write(body) // the client has gone if this fails
	return nil
}

// makeSitemap makes a part of the map, or the whole if that is "", for those of
// whom nothing is known.
func (v *visit) makeSitemap(root, part string) ([]byte, error) {
	v.currency, v.market = v.site.Currencies[0], ""
	m := siteMap{most: mostSitemap, part: part}
	if m.part == "" || m.part == firstPart {
		m.urls = append(m.urls, sitemapURL{Loc: root + "/"})
		tree, err := v.site.shop.Catalog.Categories(v.ctx())
		if err != nil {
			return nil, err
		}
		for c := range tree.All() {
			m.urls = append(m.urls, sitemapURL{root + "/c/" + c.Handle, c.UpdatedAt.Format(time.DateOnly)})
		}
	}
	m.all = len(m.urls)
	for p, err := range v.site.shop.Catalog.All(v.ctx(), catalog.Filter{Status: catalog.Active, After: m.after()}) {
		if err != nil {
			return nil, err
		}
		if !v.offered(p).Visible { // its name may be a secret yet
			continue
		}
		if !m.add(p.ID, sitemapURL{root + "/p/" + p.Handle, p.UpdatedAt.Format(time.DateOnly)}) {
			break
		}
	}
	body, err := xml.Marshal(m.answer(root + "/sitemap.xml?part="))
	return append([]byte(xml.Header), body...), err
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
