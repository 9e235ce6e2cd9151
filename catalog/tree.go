package catalog

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Tree is the whole category tree at one moment. It does not change and is
// safe for concurrent use; so do not change what its slices hold.
type Tree struct {
	byID     map[CategoryID]Category
	byHandle map[string]CategoryID
	children map[CategoryID][]Category // sorted; under "" those at the top
}

func newTree(all []Category) *Tree {
	t := &Tree{
		byID: make(map[CategoryID]Category, len(all)), byHandle: make(map[string]CategoryID, len(all)),
		children: make(map[CategoryID][]Category),
	}
	slices.SortFunc(all, func(a, b Category) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), strings.Compare(a.Handle, b.Handle))
	})
	for _, c := range all {
		t.byID[c.ID], t.byHandle[c.Handle] = c, c.ID
		for _, h := range c.FormerHandles {
			t.byHandle[h] = c.ID
		}
		t.children[c.Parent] = append(t.children[c.Parent], c)
	}
	return t
}

// Len returns the number of categories.
func (t *Tree) Len() int { return len(t.byID) }

// Get returns a category, and false if there is none with this ID.
func (t *Tree) Get(category CategoryID) (Category, bool) {
	c, ok := t.byID[category]
	return c, ok
}

// ByHandle returns the category with a handle, and false if there is none. By a
// former handle it returns the category with its present one, for a permanent
// redirect.
func (t *Tree) ByHandle(handle string) (Category, bool) { return t.Get(t.byHandle[handle]) }

// Children returns the categories right below one, in their order; below ""
// are those at the top.
func (t *Tree) Children(category CategoryID) []Category { return t.children[category] }

// Path returns the way from the top down to a category and with it, for
// breadcrumbs. It is nil if there is no such category.
func (t *Tree) Path(category CategoryID) []Category {
	var path []Category
	for c, ok := t.Get(category); ok; c, ok = t.Get(c.Parent) {
		path = append(path, c)
	}
	slices.Reverse(path)
	return path
}

// Descendants returns a category and all below it, parents before their
// children. It is nil if there is no such category; "" means all.
func (t *Tree) Descendants(category CategoryID) []CategoryID {
	if _, ok := t.byID[category]; !ok && category != "" {
		return nil
	}
	var list []CategoryID
	if category != "" {
		list = append(list, category)
	}
	for _, c := range t.children[category] {
		list = append(list, t.Descendants(c.ID)...)
	}
	return list
}

// All returns every category, each behind its parent and before its next
// sibling, as a site map lists them.
func (t *Tree) All() iter.Seq[Category] {
	return func(yield func(Category) bool) {
		for _, id := range t.Descendants("") {
			if !yield(t.byID[id]) {
				return
			}
		}
	}
}

// above calls visit for each of the categories and all above them, each once.
func (t *Tree) above(categories []CategoryID, visit func(CategoryID)) {
	seen := map[CategoryID]bool{}
	for _, id := range categories {
		for c, ok := t.Get(id); ok && !seen[c.ID]; c, ok = t.Get(c.Parent) {
			seen[c.ID] = true
			visit(c.ID)
		}
	}
}
