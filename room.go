package commerce

import (
	"os"

	"github.com/keelshop/commerce/fault"
)

// roomFor refuses to copy the store to a disk without room for it.
func (s *Store) roomFor(dir string) error {
	var need int64
	for _, l := range s.engine.lanes {
		for _, path := range []string{l.shard.Path(), l.shard.Path() + "-wal"} {
			if info, err := os.Stat(path); err == nil {
				need += info.Size()
			}
		}
	}
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if need += lowRoom; free < need {
		return fault.New(fault.Unavailable, "%s has %d bytes free, and a copy of the store needs %d: make room or name another disk", dir, free, need)
	}
	return nil
}

// lowRoom is how many bytes stay free: a shard and the log may each need some
// to end in order.
const lowRoom = 64 << 20
