package storefront

import "github.com/keelshop/commerce/catalog"

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

func robots(v *visit) error {
	base := v.site.Base
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = v.w.Write([]byte("User-agent: *\nDisallow: " + base + "/cart\nDisallow: " + base + "/checkout\nDisallow: " + base +
		"/orders/\nDisallow: " + base + "/account\nDisallow: " + base + "/search\nSitemap: " + v.origin() + base + "/sitemap.xml\n"))
	return nil
}
