package merchandising_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/merchandising"
)

// plant is a command of the tests that breaks what it is told to.
type plant struct {
	SQL string `cbor:"1,keyasint"`
}

func (plant) Kind() command.Kind { return "test.plant" }
func (plant) Validate() error    { return nil }

func (c plant) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(c.SQL)
	return struct{}{}, err
}

func newService(t *testing.T) (*merchandising.Service, *commandtest.Engine) {
	t.Helper()
	e := commandtest.New(t, 2, merchandising.Module(),
		command.Module{Name: "test", Commands: []command.Definition{command.Define(plant.apply)}})
	return merchandising.NewService(e, nil), e
}

const mug, cup catalog.ProductID = "prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M2"

func TestRulesAreAVersionedSnapshot(t *testing.T) {
	s, e := newService(t)
	ctx := t.Context()
	if r, err := s.Rules(ctx); err != nil || !reflect.DeepEqual(r, &merchandising.Rules{}) {
		t.Fatalf("a new store has the rules %+v, %v", r, err)
	}
	rule := merchandising.Rule{
		Query: "  Blue  MUG ", Locale: "en", Pins: []catalog.ProductID{mug}, Buries: []catalog.ProductID{cup},
		Boosts: []merchandising.Boost{{Field: "attribute:Colour", Values: []string{"Blue"}, Percent: 50}}, Redirect: "/mugs?colour=blue",
	}
	r, err := s.PutRule(ctx, merchandising.PutRule{Rule: rule, Key: "first"})
	if err != nil || r.Version != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	rule.Query = "blue mug"
	if got, ok := r.Rule("en", "BLUE mug"); !ok || !reflect.DeepEqual(got, rule) {
		t.Errorf("put %+v, got %+v", rule, got)
	}
	if again, err := s.PutRule(ctx, merchandising.PutRule{Rule: merchandising.Rule{Query: "  Blue  MUG ", Locale: "en", Pins: rule.Pins, Buries: rule.Buries, Boosts: rule.Boosts, Redirect: rule.Redirect}, Key: "first"}); err != nil || again.Version != 1 {
		t.Errorf("the same key again: %+v, %v", again, err)
	}
	words := merchandising.Vocabulary{Locale: "de", Synonyms: [][]string{{"Tasse", "Becher"}}, StopWords: []string{"sale"}}
	if r, err = s.PutVocabulary(ctx, merchandising.PutVocabulary{Vocabulary: words, Version: 1}); err != nil || r.Version != 2 || !reflect.DeepEqual(r.Vocabulary("de"), words) {
		t.Errorf("got %+v, %v", r, err)
	}
	_, err = s.PutVocabulary(ctx, merchandising.PutVocabulary{Vocabulary: words, Version: 1})
	if e, ok := errors.AsType[*merchandising.VersionError](err); !ok || *e != (merchandising.VersionError{Have: 2, Want: 1}) {
		t.Errorf("an old version: %v", err)
	}
	e.Restart()
	if r, err = s.Rules(ctx); err != nil || r.Version != 2 || len(r.Rules) != 1 || len(r.Vocabularies) != 1 {
		t.Errorf("after a restart: %+v, %v", r, err)
	}
	_, err = s.RemoveRule(ctx, merchandising.RemoveRule{Query: "mug"})
	if e, ok := errors.AsType[*merchandising.UnknownRuleError](err); !ok || e.Query != "mug" {
		t.Errorf("a missing rule: %v", err)
	}
	if r, err = s.RemoveRule(ctx, merchandising.RemoveRule{Query: "Blue mug", Locale: "en"}); err != nil || len(r.Rules) != 0 || r.Version != 3 {
		t.Errorf("after a removal: %+v, %v", r, err)
	}
	if r, err = s.PutVocabulary(ctx, merchandising.PutVocabulary{Vocabulary: merchandising.Vocabulary{Locale: "de"}}); err != nil || len(r.Vocabularies) != 0 {
		t.Errorf("an empty vocabulary: %+v, %v", r, err)
	}
}

func TestRefusedRules(t *testing.T) {
	s, _ := newService(t)
	boost := func(b merchandising.Boost) merchandising.Rule {
		return merchandising.Rule{Boosts: []merchandising.Boost{b}}
	}
	for name, rule := range map[string]merchandising.Rule{
		"nothing":           {Query: "mug"},
		"no product":        {Query: "mug", Pins: []catalog.ProductID{"mug"}},
		"twice":             {Query: "mug", Pins: []catalog.ProductID{mug}, Buries: []catalog.ProductID{mug}},
		"too many pins":     {Query: "mug", Pins: make([]catalog.ProductID, 201)},
		"a script":          {Query: "mug", Redirect: "javascript:alert(1)"},
		"another host":      {Query: "mug", Redirect: "//evil.example/mugs"},
		"a host by slashes": {Query: "mug", Redirect: `/\evil.example`},
		"a redirect of all": {Query: " ", Redirect: "/mugs"},
		"a boost by price":  boost(merchandising.Boost{Field: "price", Values: []string{"1"}, Percent: 5}),
		"a boost of all":    boost(merchandising.Boost{Field: "brand", Percent: 5}),
		"a boost away":      boost(merchandising.Boost{Field: "brand", Values: []string{"Keel"}, Percent: -100}),
		"a boost of 0":      boost(merchandising.Boost{Field: "brand", Values: []string{"Keel"}}),
		"two lines":         {Query: "mug\ncup", Redirect: "/"},
		"a long query":      {Query: strings.Repeat("x", 600), Redirect: "/"},
	} {
		if _, err := s.PutRule(t.Context(), merchandising.PutRule{Rule: rule}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, v := range []merchandising.Vocabulary{
		{Synonyms: [][]string{{"alone"}}}, {Synonyms: [][]string{{"mug", " "}}}, {StopWords: []string{""}},
		{StopWords: make([]string, 1001)}, {Locale: strings.Repeat("x", 40), StopWords: []string{"x"}},
	} {
		if _, err := s.PutVocabulary(t.Context(), merchandising.PutVocabulary{Vocabulary: v}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%.80v: got %v", v, err)
		}
	}
}

// TestTheLogOfMissesIsBounded: the frequent stay, the old go.
func TestTheLogOfMissesIsBounded(t *testing.T) {
	const day = 86_400_000
	s, e := newService(t)
	now := e.Now().UnixMilli()
	note := func(list ...merchandising.Miss) {
		t.Helper()
		if err := s.NoteMisses(t.Context(), merchandising.NoteMisses{Misses: list}); err != nil {
			t.Fatal(err)
		}
	}
	note(merchandising.Miss{Text: "zeppelin", Count: 2, LastAt: now}, merchandising.Miss{Text: "old", Count: 9, LastAt: now - 91*day})
	note(merchandising.Miss{Text: "zeppelin", Count: 1, LastAt: now - 3600_000})
	list, err := s.Misses(t.Context())
	if want := (merchandising.Miss{Text: "zeppelin", Count: 3, LastAt: now}); err != nil || len(list) != 1 || list[0] != want {
		t.Fatalf("got %+v, %v; want %+v", list, err, want)
	}
	for i := range 11 {
		var many []merchandising.Miss
		for j := range merchandising.MostNoted {
			many = append(many, merchandising.Miss{Locale: "en", Text: fmt.Sprint("text ", i, " ", j), Count: 1, LastAt: now})
		}
		note(many...)
	}
	if list, err = s.Misses(t.Context()); err != nil || len(list) != 1000 || list[0].Text != "zeppelin" {
		t.Errorf("%d texts are kept, %v", len(list), err)
	}
	if err := s.ForgetMiss(t.Context(), merchandising.ForgetMiss{Text: "zeppelin"}); err != nil {
		t.Fatal(err)
	}
	if list, err = s.Misses(t.Context()); err != nil || len(list) != 999 || list[0].Text == "zeppelin" {
		t.Errorf("%d texts are kept, %v", len(list), err)
	}
	for _, bad := range [][]merchandising.Miss{nil, {{Text: "x"}}, {{Count: 1}}, make([]merchandising.Miss, 101)} {
		if err := s.NoteMisses(t.Context(), merchandising.NoteMisses{Misses: bad}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%.80v: got %v", bad, err)
		}
	}
}

func TestCheckFindsPlantedBugs(t *testing.T) {
	s, e := newService(t)
	if _, err := s.PutRule(t.Context(), merchandising.PutRule{Rule: merchandising.Rule{Query: "mug", Redirect: "/mugs"}}); err != nil {
		t.Fatal(err)
	}
	run := func(sql string) {
		t.Helper()
		if _, err := command.Do[struct{}](t.Context(), e, &plant{SQL: sql}, command.Call{Slot: id.StoreSlot}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ plant, undo, want string }{
		{`UPDATE search_rules SET version = version + 1`, `UPDATE search_rules SET version = version - 1`, "merchandising.versions_grow"},
		{`UPDATE search_rules SET redirect = ''`, `UPDATE search_rules SET redirect = '/mugs'`, "merchandising.rules_are_usable"},
		{`UPDATE search_rules SET pins = '[1]'`, `UPDATE search_rules SET pins = '[]'`, "merchandising.rules_are_usable"},
		{`UPDATE search_rules SET query = 'Mug'`, `UPDATE search_rules SET query = 'mug'`, "merchandising.rules_are_usable"},
		{`INSERT INTO search_vocabularies VALUES ('', 0, '[["one"]]', '[]', 1, 0)`, `DELETE FROM search_vocabularies`, "merchandising.rules_are_usable"},
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) INSERT INTO search_misses SELECT '', i, 0, 1, 0 FROM n`,
			`DELETE FROM search_misses`, "merchandising.log_is_bounded"},
	} {
		run(test.plant)
		err := e.View(t.Context(), id.StoreSlot, func(tx *sqlite.Tx) error {
			found, err := merchandising.Module().Check(tx)
			if len(found) != 1 || found[0].Rule != test.want {
				t.Errorf("%s: found %v, want %s", test.plant, found, test.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		run(test.undo)
	}
}
