package pricing

import (
	"strings"

	"github.com/keelshop/commerce/fault"
)

// Address is what tax and shipping need to know of an address.
type Address struct {
	Country  string `cbor:"1,keyasint,omitempty" json:"country,omitempty"` // ISO 3166-1, as in DE
	Region   string `cbor:"2,keyasint,omitempty" json:"region,omitempty"`  // a state or province, as in CA for California
	Postcode string `cbor:"3,keyasint,omitempty" json:"postcode,omitempty"`
}

func (a Address) check() error {
	if a.Country != "" && !isCountry(a.Country) {
		return fault.Wrong("country", "country %.10q is not two capital letters as in ISO 3166-1", a.Country)
	}
	if len(a.Region) > maxName {
		return fault.Wrong("region", "the region of an address is too long")
	}
	if len(a.Postcode) > maxPostcode {
		return fault.Wrong("postcode", "the postcode of an address is too long")
	}
	return nil
}

// Area is a part of the world. What is empty does not matter: the zero Area
// is everywhere.
type Area struct {
	Country string `cbor:"1,keyasint,omitempty" json:"country,omitempty"`
	Region  string `cbor:"2,keyasint,omitempty" json:"region,omitempty"` // needs a Country
	// PostcodeFrom and PostcodeTo are the first and the last postcode, both
	// included. They have the same length, and that many characters of an
	// address's postcode are compared, without spaces and hyphens: from 35 to
	// 35 is every postcode that begins with 35. They need a Country.
	PostcodeFrom string `cbor:"3,keyasint,omitempty" json:"postcode_from,omitempty"`
	PostcodeTo   string `cbor:"4,keyasint,omitempty" json:"postcode_to,omitempty"`
}

const (
	maxName     = 200 // bytes of names and IDs
	maxPostcode = 16
)

func (a Area) check() error {
	switch {
	case a.Country == "" && a != Area{}:
		return fault.Wrong("country", "an area with a region or postcodes needs a country")
	case a.Country != "" && !isCountry(a.Country):
		return fault.Wrong("country", "country %.10q is not two capital letters as in ISO 3166-1", a.Country)
	case len(a.Region) > maxName:
		return fault.Wrong("region", "a region is longer than %d bytes", maxName)
	case len(a.PostcodeFrom) > maxPostcode || len(a.PostcodeFrom) != len(a.PostcodeTo) || a.PostcodeFrom > a.PostcodeTo:
		return fault.Wrong("postcode_to", "postcodes from %.20q to %.20q: both have the same length, at most %d, and the first is not above the last",
			a.PostcodeFrom, a.PostcodeTo, maxPostcode)
	case plainPostcode(a.PostcodeFrom) != a.PostcodeFrom:
		return fault.Wrong("postcode_from", "postcode %q: write it in capitals without spaces and hyphens", a.PostcodeFrom)
	case plainPostcode(a.PostcodeTo) != a.PostcodeTo:
		return fault.Wrong("postcode_to", "postcode %q: write it in capitals without spaces and hyphens", a.PostcodeTo)
	}
	return nil
}

// fit says how closely an area fits an address: the more is named, the more;
// -1 if the address is elsewhere. postcode is in its plain form.
func (a Area) fit(in Address, postcode string) int {
	closeness := 0
	if a.Country != "" {
		if a.Country != in.Country {
			return -1
		}
		closeness++
	}
	if a.Region != "" {
		if !strings.EqualFold(a.Region, in.Region) {
			return -1
		}
		closeness += 2
	}
	if n := len(a.PostcodeFrom); n > 0 {
		if len(postcode) < n || postcode[:n] < a.PostcodeFrom || postcode[:n] > a.PostcodeTo {
			return -1
		}
		closeness += 4
	}
	return closeness
}

// plainPostcode returns a postcode in capitals, without spaces and hyphens.
func plainPostcode(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c == ' ' || c == '-' || 'a' <= c && c <= 'z' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
}

func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// placed is an area of the zone with an index.
type placed struct {
	area Area
	zone int
}

// atlas finds the zone that an address is in.
type atlas struct {
	byCountry  map[string][]placed
	everywhere []placed
}

func newAtlas() atlas { return atlas{byCountry: map[string][]placed{}} }

func (a *atlas) add(zone int, areas []Area) {
	for _, area := range areas {
		if area.Country == "" {
			a.everywhere = append(a.everywhere, placed{area, zone})
			continue
		}
		a.byCountry[area.Country] = append(a.byCountry[area.Country], placed{area, zone})
	}
}

// find returns the zone whose area fits an address most closely, the one with
// the lower index if there are several, and -1 if there is none.
func (a *atlas) find(in Address) int {
	best, zone := -1, -1
	postcode := plainPostcode(in.Postcode)
	for _, list := range [...][]placed{a.byCountry[in.Country], a.everywhere} {
		for _, p := range list {
			fit := p.area.fit(in, postcode)
			if fit > best || fit == best && fit >= 0 && p.zone < zone {
				best, zone = fit, p.zone
			}
		}
	}
	return zone
}

// needsMore reports whether more than the country decides where an address in
// it is.
func (a *atlas) needsMore(country string) bool {
	for _, p := range a.byCountry[country] {
		if p.area.Region != "" || p.area.PostcodeFrom != "" {
			return true
		}
	}
	return false
}
