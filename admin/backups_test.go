package admin_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/admin"
	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/fault"
)

// newBackups is a place for the backups of a store, and a key to them.
func newBackups(t *testing.T, shop *commerce.Store) *admin.Backups {
	place, err := backup.OpenPlace(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return &admin.Backups{
		List: place.List,
		Create: func(ctx context.Context) (backup.Manifest, error) {
			return place.Create(ctx, backup.Of(shop), backup.Create{Recipients: []age.Recipient{key.Recipient()}, Keys: shop.Dir() + ".keys"})
		},
		Verify: func(ctx context.Context, name string) (backup.Manifest, error) {
			return place.Verify(ctx, name, t.TempDir(), backup.Restore{Identities: []age.Identity{key}})
		},
	}
}

// settled returns the page of backups when nothing is under way any more.
func (o *office) settled() answer {
	o.Helper()
	for {
		a := o.get("/backups").want(200)
		if !strings.Contains(a.body, "Look again") {
			return a
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestStaffMakeAndCheckABackup: a form that is sent twice makes one.
func TestStaffMakeAndCheckABackup(t *testing.T) {
	o := open(t).logIn()
	o.sell(1, false)
	o.get("/backups").want(200, "There are no backups yet.", "Make one now")
	for range 2 {
		o.post("/backups", "key", "b1").want(200, "<h1>Backups</h1>")
		o.settled().want(200, "is complete")
	}
	all, err := o.options.Backups.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("there are %d backups, %v", len(all), err)
	}
	o.post("/backups/verify", "key", "v1", "name", all[0].Name).want(200)
	o.settled().want(200, "Backup "+all[0].Name, "is whole, and the store in it sound")
	o.post("/backups/verify", "key", "v2", "name", nasty).want(200)
	o.settled().want(200, "cannot be relied on")
	o.post("/backups/verify", "key", "v3").want(400)
}

// TestOneBackupAtATime: what is asked for while one is being made is refused,
// and a failure is told.
func TestOneBackupAtATime(t *testing.T) {
	o := open(t)
	finish := make(chan error)
	h, err := admin.New(o.Store, admin.Options{Base: "/admin", Backups: &admin.Backups{
		Create: func(context.Context) (backup.Manifest, error) { return backup.Manifest{}, <-finish },
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.web = httptest.NewServer(h)
	t.Cleanup(o.web.Close)
	o.logIn()
	for range 2 {
		o.post("/backups", "key", "b1").want(200, "A backup is being made")
	}
	o.post("/backups", "key", "b2").want(409)
	o.post("/backups/verify", "key", "v1", "name", "x").want(404)
	finish <- fault.New(fault.Unavailable, "the bucket is full of eels")
	o.settled().want(200, "The backup could not be made", "full of eels")
	o.post("/backups", "key", "b3").want(200)
	finish <- nil
	o.settled().want(200, "is complete")
}
