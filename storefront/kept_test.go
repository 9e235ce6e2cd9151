package storefront

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
)

// TestNobodyPushesOutWhatIsRead: pages that are asked for stay, however many
// others somebody makes up.
func TestNobodyPushesOutWhatIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c pageCache
		now := commerce.Position("1")
		home := pageKey{uri: "/"}
		c.put(home, cachedPage{at: now, made: time.Now()})
		for i := range 10 * mostPages {
			c.put(pageKey{uri: fmt.Sprint("/search?q=", i)}, cachedPage{at: now, made: time.Now()})
			if i%(mostPages/4) > 0 {
				continue
			}
			if _, ok := c.get(home, now); !ok {
				t.Fatalf("after %d other pages the home page is gone", i)
			}
		}
		if n := len(c.young) + len(c.old); n > mostPages+1 {
			t.Errorf("%d pages are kept", n)
		}
		if _, ok := c.get(pageKey{uri: "/search?q=1"}, now); ok {
			t.Error("what nobody asks for again is kept")
		}
		time.Sleep(pageLag)
		if _, ok := c.get(home, "2"); ok {
			t.Error("a page outlives a change")
		}
		time.Sleep(pageLife)
		if _, ok := c.get(home, now); ok {
			t.Error("a page is kept for ever")
		}
	})
}

// TestAddressesOfOnePage: what a page does not depend on does not make another
// one, in whatever order it stands.
func TestAddressesOfOnePage(t *testing.T) {
	for _, c := range []struct {
		address, want string
		params        []string
	}{
		{"/?utm_source=x&a=b", "/", nil},
		{"/?", "/", nil},
		{"/p/mug?fbclid=1&sku=MUG-B&sku2=x", "/p/mug?sku=MUG-B", []string{paramSKU}},
		{"/p/mug?s%6Bu=MUG-B", "/p/mug?sku=MUG-B", []string{paramSKU}},
		{"/c/x?sort=newest&brand=A&zzz=1&brand=B&f.Size=L&n.W=1..2&price=1-2&category=c&stock=yes&after=a&q=q", "/c/x?after=a&brand=A&brand=B&category=c&f.Size=L&n.W=1..2&price=1-2&q=q&sort=newest&stock=yes", listParams()},
		{"/c/x?q=%zz&sort=newest;x", "/c/x", listParams()},
	} {
		v := &visit{r: httptest.NewRequest("GET", c.address, nil)}
		if v.narrow(c.params); v.r.URL.RequestURI() != c.want {
			t.Errorf("%s becomes %s, want %s", c.address, v.r.URL.RequestURI(), c.want)
		}
	}
}

// TestSiteMapsAreKept: while nothing happens, and for a minute if something
// does, nobody walks over all products again.
func TestSiteMapsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maps := newSiteMaps()
		made := 0
		takes := time.Duration(0)
		get := func(name string, now commerce.Position) {
			t.Helper()
			if _, err := maps.get(t.Context(), name, now, func() (keptMap, error) { made++; time.Sleep(takes); return keptMap{body: []byte{}}, nil }); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			get("", "1")
			get("", "2")
		}
		if made != 1 {
			t.Fatalf("the map was made %d times in one moment", made)
		}
		time.Sleep(mapLag)
		get("", "1")
		if made != 1 {
			t.Error("the map was made anew although nothing has happened")
		}
		get("", "2")
		get("first", "2")
		if made != 3 {
			t.Errorf("the map was made %d times; something has happened, and a part is another one", made)
		}
		time.Sleep(mapLife)
		get("", "2")
		if made != 4 {
			t.Error("the map is kept for ever")
		}
		made = 0
		for i := range 10 * mostMaps {
			get(fmt.Sprint(i), "2")
			get("", "2")
			get(fmt.Sprint(max(0, i-mostMaps+1)), "2")
			time.Sleep(time.Second)
		}
		if len(maps.kept) != mostMaps+1 || made != 10*mostMaps { // the newest, and the whole one
			t.Errorf("%d maps are kept and %d were made", len(maps.kept), made)
		}
		takes, made = time.Minute, 0
		time.Sleep(mapLife)
		get("", "3")
		time.Sleep(10 * time.Minute)
		if get("", "4"); made != 1 {
			t.Error("a large shop does nothing but make its map")
		}
		time.Sleep(10 * time.Minute)
		if get("", "4"); made != 2 {
			t.Error("the map of a large shop is not made anew")
		}
		if _, err := maps.get(t.Context(), "bad", "2", func() (keptMap, error) { return keptMap{}, errors.New("no") }); err == nil {
			t.Error("a map that could not be made is served")
		}
	})
}

// TestNobodyWaitsForSiteMaps: while a map is made, others get the last one, or
// leave when their time has come.
func TestNobodyWaitsForSiteMaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maps := newSiteMaps()
		slow := func() (keptMap, error) { time.Sleep(time.Hour); return keptMap{body: []byte("new")}, nil }
		old := keptMap{body: []byte("old"), at: "1", made: time.Now().Add(-mapLife)}
		maps.keep("old", old)
		var maker sync.WaitGroup
		maker.Go(func() {
			if k, err := maps.get(t.Context(), "", "2", slow); err != nil || string(k.body) != "new" {
				t.Errorf("who makes a map gets %q, %v", k.body, err)
			}
		})
		synctest.Wait()
		begun := time.Now()
		never := func() (keptMap, error) { t.Error("two maps are made at once"); return keptMap{}, nil }
		if k, err := maps.get(t.Context(), "old", "2", never); err != nil || string(k.body) != "old" || time.Since(begun) > 0 {
			t.Errorf("who could have an old map gets %q, %v after %v", k.body, err, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := maps.get(ctx, "other", "2", never); !errors.Is(err, errMapBusy) || time.Since(begun) > time.Second {
			t.Errorf("who waits for a map gets %v after %v", err, time.Since(begun))
		}
		for range 5 { // they wait until there is one
			maker.Go(func() {
				if k, err := maps.get(t.Context(), "", "2", never); err != nil || string(k.body) != "new" {
					t.Errorf("who waits gets %q, %v", k.body, err)
				}
			})
		}
		maker.Wait()
	})
}

// TestMadeUpPartsAreNoOthers: whatever part of a site map is asked for, it is one
// that the index names.
func TestMadeUpPartsAreNoOthers(t *testing.T) {
	index := keptMap{next: []catalog.ProductID{"prod_3", "prod_7"}}
	for name, want := range map[string]string{
		firstPart: firstPart, "prod_3": "prod_3", "prod_7": "prod_7", "prod_5": "prod_3", "prod_9": "prod_7", "prod_1": firstPart, "!": firstPart, "~": "prod_7",
	} {
		if got := index.part(name); got != want {
			t.Errorf("%q is the part %q, want %q", name, got, want)
		}
		if got := (keptMap{}).part(name); got != "" {
			t.Errorf("%q is the part %q of a shop with one map", name, got)
		}
	}
}

// TestSiteMapsHaveTheirRoot: a map is kept for all hosts, and sent with the
// addresses of one.
func TestSiteMapsHaveTheirRoot(t *testing.T) {
	m := siteMap{most: 2, urls: []sitemapURL{{Loc: "/"}, {Loc: "/p/<loc>"}}}
	for root, want := range map[string]string{
		"https://a.example/shop": "<url><loc>https://a.example/shop/</loc></url><url><loc>https://a.example/shop/p/&lt;loc&gt;</loc></url></urlset>",
		"http://a&b":             "<url><loc>http://a&amp;b/</loc></url><url><loc>http://a&amp;b/p/&lt;loc&gt;</loc></url></urlset>",
	} {
		body, err := xml.Marshal(m.answer(""))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := writeSitemap(&got, body, root); err != nil || !strings.HasSuffix(got.String(), want) {
			t.Errorf("the map is %s, %v", &got, err)
		}
	}
}
