package catalog

// Filter selects products. Its zero value means all of them.
type Filter struct {
	Status Status    // "" means any
	After  ProductID // only products whose ID sorts behind this one
	Limit  int       // 0 means no limit
}
