package storefront_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/storefront"
)

func TestBrowse(t *testing.T) {
	b := sample.visitor(t)
	b.open("/")
	b.want(200, "Kitchen & table", "Everyday mug", "€18.00", "Dome pendant €149.00 before €175.00")
	b.open("/c/clothing")
	b.want(200, "13 results", "Colour", "Merino", "Rain coat")
	b.open("/c/clothing?" + url.Values{"f.Colour": {"Cherry"}}.Encode())
	b.want(200, "2 results", "Colour: Cherry", "Remove all filters", "Lambswool sweater", "Long scarf")
	if !strings.Contains(b.text, "/p/lambswool-sweater?sku=LAMBSWOOL-SWEATER-CHERRY-S") {
		t.Error("a filtered list does not lead to the variant that was filtered for")
	}
	b.open("/c/clothing?" + url.Values{"price": {"0-3000"}, "sort": {"-price"}}.Encode())
	if first, last := strings.Index(b.text, "Deck cap"), strings.Index(b.text, "Walking socks"); first < 0 || last < first {
		t.Error("the dearest is not first")
	}
	b.open("/p/day-pack?sku=DAY-PACK-INK")
	b.want(200, "Colour: Ink", "Outdoors", "Waxed canvas, Leather", "You may also like")
	b.open("/p/day-pack?sku=NONE")
	b.want(200, "Colour: Oat")
	b.do("GET", "/p/nothing", nil)
	b.want(404, "Page not found")
	b.do("GET", "/c/nothing", nil)
	b.want(404)
	b.do("GET", "/c/clothing?price=x", nil)
	b.want(400, "That did not work")
}

func TestSearch(t *testing.T) {
	b := sample.visitor(t)
	b.open("/search?q=wool+blanket")
	b.want(200, "Search for “wool blanket”", "Wool blanket")
	b.open("/search?q=teapto")
	b.want(200, "East wind teapot")
	b.open("/search?q=qqqqq")
	b.want(200, "We have found nothing.")
	b.open("/suggest?q=lant")
	b.want(200, "Storm lantern", "€59.00")
	b.open("/suggest?q=")
	if b.text != "" {
		t.Errorf("nothing suggests %q", b.text)
	}
	b.header.Set("Accept-Language", "de-AT")
	b.open("/search?q=Teekanne")
	b.want(200, "Teekanne Ostwind", "64,00 €")
	b.open("/suggest?q=sturm")
	b.want(200, "Sturmlaterne", "59,00 €")
}

func TestGerman(t *testing.T) {
	b := sample.visitor(t)
	b.header.Set("Accept-Language", "fr;q=0.9, de;q=0.8, en;q=0.1")
	b.open("/p/lambswool-sweater")
	b.want(200, "Pullover Lammwolle", "129,00 €", "Farbe: Nebel", "In den Warenkorb", "Lammwolle")
	b.submit("/cart/add", map[string]string{"quantity": "10"})
	b.want(200, "Liegt in deinem Warenkorb.", "1.290,00 €", "davon Steuer 205,97 €")
	b.open("/checkout")
	b.want(200, "Wohin soll es gehen?", "Deutschland")
	b.submit("/checkout", ada)
	b.want(200, "Paket 2 bis 4 Tage kostenlos")
}

func TestPreferences(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/earl-grey", "/cart/add", map[string]string{"quantity": "3"})
	b.want(200, "€42.00")
	b.submitAt("/p/earl-grey", "/preferences", map[string]string{"language": "de", "currency": "USD"})
	b.want(200, "Earl Grey in der Dose", "15,70 $")
	if b.at.Path != "/p/earl-grey" {
		t.Errorf("after a change of language one is at %s", b.at)
	}
	b.open("/cart")
	b.want(200, "47,10 $")
	for _, back := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		b.submitAt("/", "/preferences", map[string]string{"language": "en", "currency": "GBP", "back": back})
		if b.at.Path != "/" || !strings.HasPrefix(sample.url, "http://"+b.at.Host) {
			t.Errorf("back to %q leads to %s", back, b.at)
		}
	}
	b.want(200, "£")
}

func TestForSearchEngines(t *testing.T) {
	b := sample.visitor(t)
	b.open("/p/rain-coat?sku=RAIN-COAT-PINE-L")
	link := find(b.doc, func(n *node) bool { return attr(n, "rel") == "canonical" })
	if link == nil || attr(link, "href") != sample.url+"/p/rain-coat" {
		t.Error("the canonical address is not that of the product")
	}
	script := find(b.doc, func(n *node) bool { return attr(n, "type") == "application/ld+json" })
	var ld struct {
		Type   string `json:"@type"`
		Name   string
		Offers struct{ Price, PriceCurrency, Availability string }
	}
	if err := json.Unmarshal([]byte(script.FirstChild.Data), &ld); err != nil || ld.Type != "Product" || ld.Offers.Price != "189.00" || ld.Offers.PriceCurrency != "EUR" {
		t.Errorf("JSON-LD: %v, %+v", err, ld)
	}
	b.open("/robots.txt")
	if !strings.Contains(b.text, "Sitemap: "+sample.url+"/sitemap.xml") {
		t.Error(b.text)
	}
	b.open("/sitemap.xml")
	var set struct {
		URL []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(b.text), &set); err != nil || len(set.URL) < 60 {
		t.Fatalf("the site map has %d addresses, %v", len(set.URL), err)
	}
	whole := b.text
	if b.open("/sitemap.xml?part=!1"); b.text != whole {
		t.Error("a part that nobody has named is another map")
	}
	for _, u := range set.URL {
		b.open(strings.TrimPrefix(u.Loc, sample.url))
	}
}

// A page is small, and asked for again only if it has changed.
func TestProductPageIsSmallAndCached(t *testing.T) {
	b := sample.visitor(t)
	for _, path := range []string{"/p/lambswool-sweater", "/p/hearth-rug", "/p/everyday-mug"} {
		b.open(path)
		if len(b.text) > 30<<10 {
			t.Errorf("%s has %d bytes", path, len(b.text))
		}
	}
	r, err := http.Get(sample.url + "/p/hearth-rug")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	again, err := http.NewRequest("GET", sample.url+"/p/hearth-rug", nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Header.Set("If-None-Match", r.Header.Get("ETag"))
	if r, err = http.DefaultClient.Do(again); err != nil || r.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %v, %v", r.Status, err)
	}
	r.Body.Close()
}

// A shop under a path links to nothing outside of it.
func TestBase(t *testing.T) {
	s := sample.with(t, storefront.Options{Base: "/shop"})
	b := s.visitor(t)
	for _, path := range []string{"/shop/", "/shop/p/everyday-mug", "/shop/c/home", "/shop/cart", "/shop/login", "/shop/search?q=mug", "/shop/register"} {
		b.open(path)
		each(b.doc, func(n *node) {
			for _, name := range []string{"href", "src", "action", "data-suggest"} {
				if link := attr(n, name); strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "/shop/") {
					t.Errorf("%s links to %s", path, link)
				}
			}
		})
	}
	b.submitAt("/shop/p/everyday-mug", "/shop/cart/add", nil)
	b.want(200, "It is in your cart.")
	b.submitAt("/shop/login?back=/shop/cart", "/shop/login", map[string]string{"email": "x@example.com", "password": "whatever it is"})
	b.want(422)
}

// What is not shown yet is not named to search engines either.
func TestSitemapNamesWhatIsShown(t *testing.T) {
	soon := catalog.MomentOf(time.Now().Add(240 * time.Hour))
	p, err := sample.store.Catalog.PutProduct(t.Context(), catalog.PutProduct{
		SKU: "secret-drop", Handle: "secret-drop", Title: "Drop", Price: money.New(999, "EUR"),
		Publications: []catalog.Publication{{VisibleFrom: soon, PurchasableFrom: soon}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := sample.store.Catalog.ArchiveProduct(context.Background(), catalog.ArchiveProduct{Product: p.ID}); err != nil {
			t.Error(err)
		}
	})
	b := sample.with(t, storefront.Options{}).visitor(t) // has made no map yet
	b.open("/sitemap.xml")
	if strings.Contains(b.text, "secret-drop") || !strings.Contains(b.text, "/p/earl-grey") {
		t.Error("the site map names a product that is not shown yet, or none")
	}
}

// TestFiltersOfEveryProduct: what was found is narrowed down by category, brand
// and stock, beside attributes.
func TestFiltersOfEveryProduct(t *testing.T) {
	b := sample.visitor(t)
	b.open("/search?q=tea")
	b.want(200, "Category Pantry 2", "Best-selling first")
	b.open("/search?q=tea&stock=yes&sort=best-selling")
	b.want(200, "4 results", "Availability: In stock")
	b.open("/search?q=tea&stock=no")
	b.want(200, "0 results", "Availability: Sold out")
	b.open("/search?q=tea&brand=nobody")
	b.want(200, "Brand: nobody", "There is nothing here yet.")
}

// TestFiltersByNumbers: an attribute of many numbers is shown as ranges with
// its unit, and what is chosen can be taken off again.
func TestFiltersByNumbers(t *testing.T) {
	for i := range 16 {
		if _, err := sample.store.Catalog.PutProduct(t.Context(), catalog.PutProduct{
			Title: "Zither", SKU: catalog.SKU(fmt.Sprint("ZITHER-", i)), Price: money.New(100, "EUR"),
			Attributes: []catalog.Attribute{{Name: "Span", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: int64(100 + i), Exponent: -1}, Unit: "cm"}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range sample.finders {
		if err := f.After(t.Context(), sample.store.Latest()); err != nil {
			t.Fatal(err)
		}
	}
	b := sample.visitor(t)
	b.open("/search?q=zither")
	b.want(200, "16 results", "Span (cm)", "10.2 to 10.3 2")
	b.open("/search?q=zither&n.Span=10.2..10.3&n.Span=11.5..")
	b.want(200, "3 results", "Span: 10.2 to 10.3 cm", "Span: 11.5 and more cm")
	b.open("/search?q=zither&n.Span=10.2..10.3&f.Span=10")
	b.want(200, "3 results", "Span: 10 cm", "Remove all filters")
	b.do("GET", "/search?q=zither&n.Span=x", nil)
	b.want(400)
	b.header.Set("Accept-Language", "de")
	b.open("/search?q=zither")
	b.want(200, "10,2 bis 10,3 2")
}
