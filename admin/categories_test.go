package admin_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/catalog"
)

// TestCategoriesAreMadeRenamedMovedAndRemoved: what the form does not name stays,
// and nobody's change undoes another's.
func TestCategoriesAreMadeRenamedMovedAndRemoved(t *testing.T) {
	o := open(t).logIn()
	home, err := o.Catalog.PutCategory(t.Context(), catalog.PutCategory{
		Handle: "home", Title: "Home " + nasty, SEO: catalog.SEO{Title: "For homes"},
		Translations: []catalog.Translation{{Locale: "de", Title: "Wohnen", Description: "Für drinnen"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := catalog.PutProduct{Handle: "lamp", Title: "Lamp", Status: catalog.Active, Categories: []catalog.CategoryID{home.ID}, Variants: []catalog.PutVariant{{SKU: "lamp"}}}
	lamp, err := o.Catalog.PutProduct(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	page := o.get("/categories").want(200, "New category", "Title, de")
	made := page.hidden("key", "a", "category", "", "version", "0", "title", "Light", "title-de", "Licht", "handle", "light", "parent", string(home.ID), "position", "3")
	for range 2 { // a form that is sent twice has one effect
		o.post("/categories", made...).want(200, "Saved.", "Light", "<code>light</code>")
	}
	o.post("/categories", append(made, "key", "b", "title", "Lamps")...).want(422, "There is a category with this handle already.", "handle-wrong")
	for wrong, form := range map[string][]string{
		"title-wrong":    {"handle", "x"},
		"handle-wrong":   {"title", "x"},
		"position-wrong": {"title", "x", "handle", "x", "position", "first"},
	} {
		o.post("/categories", append(form, "key", wrong)...).want(422, wrong)
	}
	tree := o.tree()
	light, ok := tree.ByHandle("light")
	if !ok || light.Parent != home.ID || light.Position != 3 || light.In("de").Title != "Licht" {
		t.Fatalf("%+v", light)
	}

	// Renamed, and below nothing.
	edit := o.get("/categories?change="+string(light.ID)).want(200, "Change Light", `value="Licht"`)
	o.post("/categories", edit.change(light, "key", "c", "title", "Lighting", "title-de", "Leuchten", "handle", "lighting", "parent", "")...).want(200, "Saved.", "Lighting")
	o.post("/categories", edit.change(light, "key", "d", "title", "Too late", "handle", "light")...).want(409, "role=\"alert\"", `value="Too late"`)
	edit = o.get("/categories?change=" + string(home.ID))
	o.post("/categories", edit.change(home, "key", "e", "title", "House", "title-de", "Haus", "handle", "home", "parent", string(o.must("lighting").ID))...).want(200, "House")
	house := o.must("home")
	if house.SEO.Title != "For homes" || house.In("de").Description != "Für drinnen" || house.In("de").Title != "Haus" || o.must("lighting").Parent != "" {
		t.Errorf("%+v", house)
	}
	// Not below itself, nor below what is below it.
	lighting := o.must("lighting")
	o.post("/categories", "category", string(lighting.ID), "version", fmt.Sprint(lighting.Version), "key", "f", "title", "x", "handle", "lighting", "parent", string(house.ID)).want(400, "cannot be below")

	o.post("/categories/"+string(lighting.ID)+"/remove", "version", fmt.Sprint(lighting.Version)).want(409, "others below it")
	o.post("/categories/"+string(house.ID)+"/remove", "version", "x").want(400)
	o.post("/categories/"+string(house.ID)+"/remove", "version", fmt.Sprint(house.Version)).want(422, "1 products on sale")
	kept.Categories, kept.Version = nil, lamp.Version
	if _, err := o.Catalog.PutProduct(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	o.post("/categories/"+string(house.ID)+"/remove", "version", "1").want(409)
	o.post("/categories/"+string(house.ID)+"/remove", "version", fmt.Sprint(house.Version), "key", "g").want(200, "Saved.")
	if _, found := o.tree().ByHandle("home"); found {
		t.Error("it is there still")
	}
	o.get("/categories?change=" + string(house.ID)).want(404)
}

// TestACategorysFormIsForWhatItShowed: a form that is shown again for a mistake is
// still for the version that it was made for, and one that comes too late shows what
// there is now.
func TestACategorysFormIsForWhatItShowed(t *testing.T) {
	o := open(t).logIn()
	first, err := o.Catalog.PutCategory(t.Context(), catalog.PutCategory{Handle: "home", Title: "Home"})
	if err != nil {
		t.Fatal(err)
	}
	page := o.get("/categories?change=" + string(first.ID))
	theirs, err := o.Catalog.PutCategory(t.Context(), catalog.PutCategory{ID: first.ID, Handle: "home", Title: "Theirs", Description: "By a colleague"})
	if err != nil {
		t.Fatal(err)
	}
	madeFor := func(c catalog.Category) string {
		return fmt.Sprintf(`name="category" value="%s"><input type="hidden" name="version" value="%d">`, c.ID, c.Version)
	}
	o.post("/categories", page.change(first, "key", "a", "handle", "home", "title", "")...).want(422, "title-wrong", madeFor(first))
	o.post("/categories", page.change(first, "key", "b", "handle", "home", "title", "Mine")...).
		want(409, `value="Mine"`, madeFor(theirs), "<b>Theirs</b>", "By a colleague")
	if now := o.must("home"); now.Title != "Theirs" {
		t.Errorf("it is %+v", now)
	}
}

func (o *office) tree() *catalog.Tree {
	o.Helper()
	tree, err := o.Catalog.Categories(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	return tree
}

func (o *office) must(handle string) catalog.Category {
	o.Helper()
	c, ok := o.tree().ByHandle(handle)
	if !ok {
		o.Fatalf("there is no category %s", handle)
	}
	return c
}

// change is what the form for changing a category sends.
func (a answer) change(c catalog.Category, form ...string) []string {
	return append([]string{"category", string(c.ID), "version", fmt.Sprint(c.Version)}, form...)
}
