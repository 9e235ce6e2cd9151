package accounts

// Where mail asks for more than a street and a town, by ISO 3166-1. Facts of
// national postal services, as the Universal Postal Union collects them.
var (
	withPostcode = countries(`AT AU AX BE BR CA CH CN CZ DE DK EE ES FI FK FO FR GB GF GG GL GP GR GU HU IM IN IO IT JE JP KR LI LT LU LV MC MH MQ
		MX MY NC NL NO NZ PL PM PR PT RE RU SE SG SI SJ SK SM SZ TR TW UA US VA VI WF YT ZA`)
	withRegion  = countries(`AU BR CA CN ES IN IT JP MX RU TW US`)
	withoutCity = countries(`GI HK JP MC SG SM VA`) // the region or the country is the town
)

func countries(list string) map[string]bool {
	out := map[string]bool{}
	for i := 0; i+1 < len(list); i++ {
		if 'A' <= list[i] && list[i] <= 'Z' {
			out[list[i:i+2]] = true
			i++
		}
	}
	return out
}

// Missing returns what mail needs that the address lacks: some of country,
// line1, city, region and postcode, by what its country asks for. It does not
// say whether the address exists.
func (a Address) Missing() (out []string) {
	for _, f := range [...]struct {
		name   string
		needed bool
		value  string
	}{
		{"country", true, a.Country},
		{"line1", true, a.Line1.Reveal()},
		{"city", !withoutCity[a.Country], a.City.Reveal()},
		{"region", withRegion[a.Country], a.Region.Reveal()},
		{"postcode", withPostcode[a.Country], a.Postcode.Reveal()},
	} {
		if f.needed && f.value == "" {
			out = append(out, f.name)
		}
	}
	return out
}
