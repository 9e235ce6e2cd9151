package catalog

// Put returns the command that would put the product as it is, for a caller who
// wants to change some of it. It is made for the product's version, so that it
// is refused if somebody else has changed the product meanwhile.
func (p Product) Put() PutProduct {
	c := PutProduct{
		ID: p.ID, Handle: p.Handle, FormerHandles: p.FormerHandles, Title: p.Title, Description: p.Description, Brand: p.Brand,
		Status: p.Status, Type: p.Type, Categories: p.Categories, Media: p.Media, Attributes: p.Attributes, SEO: p.SEO,
		Translations: p.Translations, Publications: p.Publications, ExternalReference: p.ExternalReference,
		Metadata: p.Metadata, PrivateMetadata: p.PrivateMetadata, Version: p.Version,
	}
	for _, v := range p.Variants {
		c.Variants = append(c.Variants, v.Put())
	}
	return c
}

// Put returns what puts the variant as it is, as a part of its product.
func (v Variant) Put() PutVariant {
	return PutVariant{
		SKU: v.SKU, Options: v.Options, Prices: v.Prices, CompareAt: v.CompareAt, Attributes: v.Attributes, Untracked: v.Untracked,
		Barcodes: v.Barcodes, WeightGrams: v.WeightGrams, LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM,
		TaxCategory: v.TaxCategory, Components: v.Components, Reserve: v.Reserve, HoldMinutes: v.HoldMinutes, Digital: v.Digital,
		Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
	}
}
