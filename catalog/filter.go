package catalog

// Filter selects products. Its zero value means all of them.
type Filter struct {
	Status     Status       // "" means any
	Category   CategoryID   // only products in this category or below it; "" means any
	Collection CollectionID // only products of this collection, not with a Category; "" means any
	After      ProductID    // only products whose ID sorts behind this one
	Limit      int          // 0 means no limit
}
