package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// CheckCollections holds every product against the rules of all collections and
// reports those that are in others. Products that wait for that are left out,
// and shards that do not know the newest rules yet.
func (s *Service) CheckCollections(ctx context.Context) ([]command.Violation, error) {
	all, tree, err := s.rulesAndTree(ctx)
	if err != nil {
		return nil, err
	}
	var out []command.Violation
	for shard := range s.engine.Shards() {
		for after := ""; ; {
			var page []ProductID
			err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
				version, _, err := tx.Int64(`SELECT version FROM collecting WHERE one = 1`)
				if err != nil || version != all.version {
					return err
				}
				if page, err = (Filter{}).ids(tx, chosenFrom{}, after, changesPage); err != nil {
					return err
				}
				found, err := checkCollected(tx, page, all, tree)
				out = append(out, found...)
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("checking the collections of shard %d: %w", shard, err)
			}
			if len(page) == 0 {
				break
			}
			after = string(page[len(page)-1])
		}
	}
	return out, nil
}

// rulesAndTree reads both so that they belong together: a tree that moves is a
// new version of the rules.
func (s *Service) rulesAndTree(ctx context.Context) (*Collections, *Tree, error) {
	all, err := s.loadCollections(ctx)
	for err == nil {
		tree, err := s.loadTree(ctx)
		if err != nil {
			return nil, nil, err
		}
		now, err := s.loadCollections(ctx)
		if err != nil {
			return nil, nil, err
		}
		if now.version == all.version {
			return now, tree, nil
		}
		all = now
	}
	return nil, nil, err
}

func checkCollected(tx *sqlite.Tx, page []ProductID, all *Collections, tree *Tree) (out []command.Violation, err error) {
	for _, id := range page {
		_, waits, err := tx.Int64(`SELECT 1 FROM uncollected WHERE product = ?`, id)
		if err != nil {
			return nil, err
		}
		if waits {
			continue
		}
		r, _, err := readRecord(tx, id)
		if err != nil {
			return nil, err
		}
		have, err := readCollected(tx, id)
		if err != nil {
			return nil, err
		}
		if want := all.index.match(&r.Product, tree); !slices.Equal(have, want) {
			out = append(out, command.Violation{Rule: "catalog.collected_matches", Subject: string(id),
				Detail: fmt.Sprintf("is in the collections %v, and the rules find it for %v", have, want)})
		}
	}
	return out, nil
}
