package storefront

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
)

// TestLargeSiteMaps: a shop with more addresses than one map may hold has an
// index, and its parts name each address once.
func TestLargeSiteMaps(t *testing.T) {
	for products := range 17 {
		// read makes the part of a name, as sitemap does, for a home page and
		// products 10, 11 and so on.
		read := func(part string) *siteMap {
			m := &siteMap{most: 5, part: part}
			if part == "" || part == firstPart {
				m.urls = append(m.urls, sitemapURL{Loc: "/"})
			}
			m.all = len(m.urls)
			for i := range products {
				if p := catalog.ProductID(fmt.Sprint(10 + i)); p > m.after() && !m.add(p, sitemapURL{Loc: "/p/" + string(p)}) {
					break
				}
			}
			return m
		}
		whole := read("")
		parts := []*siteMap{whole}
		if len(whole.next) > 0 {
			parts = []*siteMap{read(firstPart)}
			for _, p := range whole.next {
				parts = append(parts, read(string(p)))
			}
		}
		got, want := []string{}, []string{"/"}
		for i := range products {
			want = append(want, fmt.Sprint("/p/", 10+i))
		}
		for _, m := range parts {
			if len(m.urls) > 5 || len(m.urls) == 0 {
				t.Errorf("%d products: a part has %d addresses", products, len(m.urls))
			}
			for _, u := range m.urls {
				got = append(got, u.Loc)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d products: got %v", products, got)
		}
		body, err := xml.Marshal(whole.answer("/sitemap.xml?part="))
		if err != nil || strings.Contains(string(body), "sitemapindex") != (products >= 5) || products >= 5 && strings.Count(string(body), "<sitemap>") != len(parts) {
			t.Errorf("%d products: got %s, %v", products, body, err)
		}
	}
}
