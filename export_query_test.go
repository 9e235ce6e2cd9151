package commerce

import (
	"context"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Views returns the columns of each view that Query sees.
func (s *Store) Views() (map[string][]string, error) {
	u, err := sqlite.OpenUnion(context.Background(), []string{s.engine.lanes[0].shard.Path()}, views, "")
	if err != nil {
		return nil, err
	}
	defer u.Close()
	out := map[string][]string{}
	for _, v := range views {
		if out[v.Name], err = u.Columns("SELECT * FROM " + v.Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}
