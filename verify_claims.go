package commerce

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/sqlite"
)

// holds asks the owner of a claim whether it really has the value.
func (s *Store) holds(ctx context.Context, kind string, h claim.Hash, owner string) (bool, error) {
	switch kind {
	case catalog.ClaimKind:
		return s.Catalog.Holds(ctx, kind, h, owner)
	case accounts.ClaimKind:
		return s.Accounts.Holds(ctx, kind, h, owner)
	}
	return false, fault.New(fault.Broken, "nobody knows claims of the kind %q", kind)
}

// owned lists every value that an owner on a shard has, with the kind of its
// claim.
const owned = `SELECT 'sku', claim, id, handle FROM products
	UNION ALL SELECT 'sku', reference_claim, id, external_reference FROM products WHERE external_reference <> ''
	UNION ALL SELECT 'sku', claim, product, handle FROM former_handles
	UNION ALL SELECT 'sku', claim, product, sku FROM variants WHERE removed = 0
	UNION ALL SELECT 'email', email_claim, id, 'e-mail' FROM customers WHERE email_claim IS NOT NULL`

// verifyClaims checks that every owner's values are claimed for it, and that
// every confirmed claim's owner has the value. A claim that changes while it
// is being checked is looked at once more.
func (s *Store) verifyClaims(ctx context.Context) ([]Violation, error) {
	var out []Violation
	for _, l := range s.engine.lanes {
		unclaimed, err := s.unclaimed(ctx, l)
		if err != nil {
			return out, err
		}
		idle, err := s.idleClaims(ctx, l)
		if err != nil {
			return out, err
		}
		out = append(append(out, unclaimed...), idle...)
	}
	return out, nil
}

type value struct {
	kind, owner, name string
	hash              claim.Hash
}

func (s *Store) unclaimed(ctx context.Context, l *lane) ([]Violation, error) {
	all, err := readValues(ctx, l, owned)
	if err != nil {
		return nil, err
	}
	var out []Violation
	for i := range s.engine.lanes {
		home := s.engine.lanes[i]
		var missing []value
		err := home.shard.View(ctx, func(tx *sqlite.Tx) error {
			for _, v := range all {
				if s.engine.ShardOf(v.hash.Slot()) != i {
					continue
				}
				_, found, err := tx.Int64(`SELECT 1 FROM claims WHERE kind = ? AND hash = ? AND owner = ?`, v.kind, v.hash[:], v.owner)
				if err != nil {
					return err
				}
				if !found {
					missing = append(missing, v)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, v := range missing {
			// The value may have been given up since it was read.
			still, err := s.holds(ctx, v.kind, v.hash, v.owner)
			if err != nil {
				return nil, err
			}
			if still {
				out = append(out, Violation{Rule: "claim.value_is_claimed", Subject: v.owner, Detail: fmt.Sprintf("its %s %q is not claimed for it", v.kind, v.name)})
			}
		}
	}
	return out, nil
}

func (s *Store) idleClaims(ctx context.Context, l *lane) ([]Violation, error) {
	all, err := readValues(ctx, l, `SELECT kind, hash, owner, '' FROM claims WHERE state = 'confirmed'`)
	if err != nil {
		return nil, err
	}
	var out []Violation
	for _, v := range all {
		has, err := s.holds(ctx, v.kind, v.hash, v.owner)
		if err != nil {
			return nil, err
		}
		if has {
			continue
		}
		still, err := readValues(ctx, l, `SELECT kind, hash, owner, '' FROM claims WHERE state = 'confirmed' AND kind = ? AND hash = ? AND owner = ?`, v.kind, v.hash[:], v.owner)
		if err != nil {
			return nil, err
		}
		if len(still) > 0 {
			out = append(out, Violation{Rule: "claim.owner_has_the_value", Subject: v.owner, Detail: fmt.Sprintf("it has no %s with the hash %v", v.kind, v.hash)})
		}
	}
	return out, nil
}

func readValues(ctx context.Context, l *lane, query string, args ...any) ([]value, error) {
	var out []value
	err := l.shard.View(ctx, func(tx *sqlite.Tx) error {
		rows := tx.Query(query, args...)
		for rows.Next() {
			v := value{kind: rows.Text(0), owner: rows.Text(2), name: rows.Text(3)}
			copy(v.hash[:], rows.Blob(1))
			out = append(out, v)
		}
		return rows.Close()
	})
	return out, err
}
