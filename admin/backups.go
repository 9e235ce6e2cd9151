package admin

import (
	"context"
	"sync"
	"time"

	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/fault"
)

// Backups is how the page of backups lists, makes and checks them. What is nil
// is not offered.
type Backups struct {
	// List returns those that are complete, the newest first, as
	// backup.Place.List does.
	List func(context.Context) ([]backup.Manifest, error)
	// Create makes one, as backup.Place.Create does. It goes on when the browser
	// has left.
	Create func(context.Context) (backup.Manifest, error)
	// Verify restores one beside the store and checks it, as backup.Place.Verify
	// does. It needs the key that opens backups, which is best kept elsewhere.
	Verify func(ctx context.Context, name string) (backup.Manifest, error)
}

// task is the work on backups that this program does or did last. There is one
// at a time.
type task struct {
	mu    sync.Mutex
	key   string // of the form that asked for it
	state taskState
}

// taskState is what the page says about it.
type taskState struct {
	What   string // "make" or "verify"; "" is nothing yet
	Name   string // of the backup
	Since  time.Time
	Ended  bool
	Failed string // why; "" if it has not
	Took   time.Duration
	Bytes  int64
}

func (t *task) get() taskState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// start does work in the background. A form that is sent twice starts it once.
func (t *task) start(key, what, name string, work func() (backup.Manifest, error)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case key != "" && key == t.key:
		return nil
	case t.state.What != "" && !t.state.Ended:
		return fault.New(fault.Conflict, "other work on backups is going on: wait until it has ended")
	}
	t.key, t.state = key, taskState{What: what, Name: name, Since: time.Now()}
	go t.run(work)
	return nil
}

func (t *task) run(work func() (backup.Manifest, error)) {
	m, err := work()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.Ended, t.state.Took = true, time.Since(t.state.Since).Round(time.Second/10)
	if err != nil {
		t.state.Failed = err.Error()
		return
	}
	t.state.Name, t.state.Bytes = m.Name, m.Bytes()
}

type backupsPage struct {
	page
	Task      taskState
	All       []backup.Manifest
	CanMake   bool
	CanVerify bool
}

func listBackups(v *visit) error {
	b := v.site.Backups
	data := backupsPage{page: v.page("Backups", "backups"), Task: v.site.task.get(), CanMake: b.Create != nil, CanVerify: b.Verify != nil}
	if b.List != nil {
		var err error
		if data.All, err = b.List(v.ctx()); err != nil {
			return err
		}
	}
	return v.show(200, "backups", data)
}

func makeBackup(v *visit) error {
	create := v.site.Backups.Create
	if create == nil {
		return errNoPage
	}
	ctx := context.WithoutCancel(v.ctx())
	if err := v.site.task.start(v.key(), "make", "", func() (backup.Manifest, error) { return create(ctx) }); err != nil {
		return err
	}
	return v.done("/backups", "")
}

func verifyBackup(v *visit) error {
	verify, name := v.site.Backups.Verify, v.r.PostFormValue("name")
	switch {
	case verify == nil:
		return errNoPage
	case name == "":
		return fault.New(fault.Invalid, "name the backup")
	}
	ctx := context.WithoutCancel(v.ctx())
	if err := v.site.task.start(v.key(), "verify", name, func() (backup.Manifest, error) { return verify(ctx, name) }); err != nil {
		return err
	}
	return v.done("/backups", "")
}
