// Package backup makes backups of stores, checks them, and makes stores of them.
//
// A backup is a whole store as it was at one moment, taken while it sells: all
// shards at one cut, the files of the shop, and the store's keys. It is
// compressed, and encrypted before it leaves the machine with filippo.io/age:
// whoever makes backups needs only the public half of a key. It lies below a
// name of its own in a Place, which is a directory or a bucket of objects, and
// is complete once its manifest is there, which is written last.
//
// A backup that was never restored is a hope. Verify restores one into a
// directory that it removes again, and checks every invariant of the store that
// comes out. Run it by a schedule. Restore does the same, and keeps the store
// only if it is sound.
//
// What a backup does not protect from: who may write to the place can put
// another backup there. Let the account that makes backups add objects, but
// neither change nor delete them.
package backup

import (
	"context"
	"fmt"
	"io"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// A Source is what a backup is made of: a *commerce.RemoteCluster, or Of a
// store.
type Source interface {
	// Copy writes the store as it is at one moment into an empty directory.
	Copy(ctx context.Context, dir string) (commerce.Copy, error)
	// Asset writes a file of the shop. The error is fault.NotFound if there
	// is none.
	Asset(ctx context.Context, id assets.ID, to io.Writer) error
}

// Of returns a store of this program as a Source.
func Of(shop *commerce.Store) Source { return store{shop} }

type store struct{ *commerce.Store }

func (s store) Asset(ctx context.Context, id assets.ID, to io.Writer) error {
	f, err := s.Assets.Open(ctx, id)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(to, f); err != nil {
		return fault.Wrap(fault.Unavailable, err, "reading asset %s", id)
	}
	return nil
}

// Progress hears how far a backup or a restore is: what is being done, and how
// many of how many bytes of it. It is called on the caller's goroutine.
type Progress func(what string, done, total int64)

func (p Progress) tell(what string, done, total int64) {
	if p != nil {
		p(what, done, total)
	}
}

// DamagedError says what is wrong with a backup. It counts as fault.Broken: use
// another one.
type DamagedError struct {
	Backup string
	Part   string // the object's name below the backup's
	Detail string
}

// Error names the part.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("backup %s is damaged: %s %s; use another backup", e.Backup, e.Part, e.Detail)
}

// Unwrap returns fault.Broken.
func (e *DamagedError) Unwrap() error { return fault.Broken }

// UnsoundError says that a store that was restored breaks invariants. It counts
// as fault.Broken.
type UnsoundError struct {
	Backup string
	Found  []commerce.Violation
}

// Error shows the first violation.
func (e *UnsoundError) Error() string {
	return fmt.Sprintf("backup %s holds a store that is not sound: %d violations, the first is %v", e.Backup, len(e.Found), e.Found[0])
}

// Unwrap returns fault.Broken.
func (e *UnsoundError) Unwrap() error { return fault.Broken }
