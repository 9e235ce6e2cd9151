package storefront

import (
	"encoding/xml"
	"time"

	"github.com/keelshop/commerce/catalog"
)

// productLD is what search engines read of a product: schema.org Product and
// Offer as JSON-LD.
type productLD struct {
	Context     string   `json:"@context"`
	Type        string   `json:"@type"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Image       []string `json:"image,omitempty"`
	SKU         string   `json:"sku"`
	Brand       *brandLD `json:"brand,omitempty"`
	Offers      *offerLD `json:"offers,omitempty"`
}

type brandLD struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

type offerLD struct {
	Type         string `json:"@type"`
	URL          string `json:"url"`
	Price        string `json:"price"`
	Currency     string `json:"priceCurrency"`
	Availability string `json:"availability"`
}

func (v *visit) linkedData(p catalog.Product, data productPage) productLD {
	ld := productLD{Context: "https://schema.org", Type: "Product", Name: data.ProductTitle, Description: data.Description, SKU: string(data.SKU)}
	for _, pic := range data.Pictures {
		ld.Image = append(ld.Image, v.origin()+pic.URL)
	}
	if p.Brand != "" {
		ld.Brand = &brandLD{"Brand", p.Brand}
	}
	if data.Priced {
		ld.Offers = &offerLD{"Offer", data.Canonical, data.Price.Amount.Decimal(), string(data.Price.Amount.Currency()), "https://schema.org/InStock"}
		if data.Stock.Later {
			ld.Offers.Availability = "https://schema.org/BackOrder"
		}
		if data.Stock.None {
			ld.Offers.Availability = "https://schema.org/OutOfStock"
		}
	}
	return ld
}

// mostSitemap is how many addresses one site map may hold, as sitemaps.org has
// it. Larger shops list their newest products elsewhere.
const mostSitemap = 50_000

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

func sitemap(v *visit) error {
	root := v.origin() + v.site.Base
	set := struct {
		XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []sitemapURL `xml:"url"`
	}{URLs: []sitemapURL{{Loc: root + "/"}}}
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	for c := range tree.All() {
		set.URLs = append(set.URLs, sitemapURL{root + "/c/" + c.Handle, c.UpdatedAt.Format(time.DateOnly)})
	}
	for p, err := range v.site.shop.Catalog.All(v.ctx(), catalog.Filter{Status: catalog.Active}) {
		if err != nil {
			return err
		}
		if len(set.URLs) >= mostSitemap {
			break
		}
		if !v.offered(p).Visible { // its name may be a secret yet
			continue
		}
		set.URLs = append(set.URLs, sitemapURL{root + "/p/" + p.Handle, p.UpdatedAt.Format(time.DateOnly)})
	}
	body, err := xml.Marshal(set)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/xml")
	v.w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = v.w.Write(append([]byte(xml.Header), body...)) // the client has gone if this fails
	return nil
}

func robots(v *visit) error {
	base := v.site.Base
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = v.w.Write([]byte("User-agent: *\nDisallow: " + base + "/cart\nDisallow: " + base + "/checkout\nDisallow: " + base +
		"/orders/\nDisallow: " + base + "/account\nDisallow: " + base + "/search\nSitemap: " + v.origin() + base + "/sitemap.xml\n"))
	return nil
}
