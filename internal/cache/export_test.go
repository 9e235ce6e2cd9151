package cache

// Wait returns when what was kept can be found.
func (c *Cache) Wait() { c.entries.Wait() }
