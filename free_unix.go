//go:build linux || darwin || freebsd

package commerce

import (
	"path/filepath"

	"github.com/keelshop/commerce/fault"
	"golang.org/x/sys/unix"
)

// freeBytes returns how many bytes a program may still write to the disk that a
// directory is on.
func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "looking at the disk of %s", filepath.Clean(dir))
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
