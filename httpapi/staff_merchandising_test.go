package httpapi_test

import "testing"

// TestMerchandisingIsKept: rules and vocabularies are read as they were put, and
// a change of what has moved on is refused.
func TestMerchandisingIsKept(t *testing.T) {
	w := newWorld(t)
	mug := w.must(200, "", "GET", "/products/mug", "").at("id").(string)
	rule := `{"query":"cup","locale":"en","pins":["` + mug + `"],"boosts":[{"field":"brand","values":["Kiln"],"percent":50}]}`
	first := w.must(200, w.staff, "PUT", "/staff/merchandising/rules", rule)
	w.must(200, w.staff, "PUT", "/staff/merchandising/vocabulary", `{"locale":"en","synonyms":[["mug","beaker"]],"stop_words":["nice"]}`)
	w.must(412, w.staff, "PUT", "/staff/merchandising/rules", `{"query":"hours","redirect":"/pages/hours"}`, "If-Match", first.header.Get("ETag"))
	all := w.must(200, w.staff, "GET", "/staff/merchandising", "")
	for path, want := range map[string]any{
		"rules.0.pins.0": mug, "rules.0.boosts.0.percent": 50.0, "vocabularies.0.synonyms.0.1": "beaker", "vocabularies.0.stop_words.0": "nice", "version": 2.0,
	} {
		if got := all.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	w.must(204, w.staff, "DELETE", "/staff/merchandising/rules?query=cup&locale=en", "")
	w.must(404, w.staff, "DELETE", "/staff/merchandising/rules?query=cup&locale=en", "")
	if misses := w.must(200, w.staff, "GET", "/staff/merchandising/misses", ""); misses.at("items") == nil {
		t.Errorf("the texts that found nothing: %s", misses.text)
	}
}
