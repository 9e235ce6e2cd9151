package catalog

import (
	"slices"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// Media is one picture, film or document of a product. The file is in the
// store's assets, which is not looked at here: a file may arrive later.
type Media struct {
	Asset assets.ID `cbor:"1,keyasint" json:"asset"`
	// Alt is what it shows, for those who do not see it.
	Alt string `cbor:"2,keyasint,omitempty" json:"alt,omitempty"`
	// SKUs are the variants that it shows; none means all of them.
	SKUs []SKU `cbor:"3,keyasint,omitempty" json:"skus,omitempty"`
}

// Shows reports whether it shows the variant with a SKU.
func (m Media) Shows(sku SKU) bool { return len(m.SKUs) == 0 || slices.Contains(m.SKUs, sku) }

// SEO is what search engines are told instead of title and description; ""
// means those.
type SEO struct {
	Title       string `cbor:"1,keyasint,omitempty" json:"title,omitempty"`
	Description string `cbor:"2,keyasint,omitempty" json:"description,omitempty"`
}

func (m Media) equal(other Media) bool {
	return m.Asset == other.Asset && m.Alt == other.Alt && slices.Equal(m.SKUs, other.SKUs)
}

func (s SEO) check() error {
	return firstError(checkText("title", "SEO title", s.Title, 0, mostTitle), checkText("description", "SEO description", s.Description, 0, mostSEO))
}

// checkMedia refuses media that name SKUs beyond those given.
func checkMedia(media []Media, skus map[SKU]bool) error {
	if len(media) > mostMedia {
		return fault.Wrong("media", "there are %d media; the limit is %d", len(media), mostMedia)
	}
	for i, m := range media {
		if err := firstError(fault.InField("asset", m.Asset.Check()), checkText("alt", "alternative text", m.Alt, 0, mostTitle)); err != nil {
			return fault.InField(fault.Item("media", i), err)
		}
		for _, sku := range m.SKUs {
			if !skus[sku] {
				return fault.Wrong(fault.Item("media", i)+".skus", "a picture shows %q, which is no variant of the product", sku)
			}
		}
	}
	return nil
}
