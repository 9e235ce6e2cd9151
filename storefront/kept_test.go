package storefront

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce"
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
		var maps siteMaps
		made := 0
		get := func(name string, now commerce.Position) {
			t.Helper()
			if _, err := maps.get(name, now, func() ([]byte, error) { made++; return []byte{}, nil }); err != nil {
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
		for i := range 10 * mostMaps {
			get(fmt.Sprint(i), "2")
		}
		if len(maps.kept) > mostMaps {
			t.Errorf("%d maps are kept", len(maps.kept))
		}
		if _, err := maps.get("bad", "2", func() ([]byte, error) { return nil, errors.New("no") }); err == nil {
			t.Error("a map that could not be made is served")
		}
	})
}
