package chaos

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// plague makes trouble for a while: one thing after the other, each undone after some time.
func (f *fleet) plague(r *rand.Rand, long time.Duration, harsh bool) {
	kinds := 5
	if f.place.spaces {
		kinds = 8
	}
	for end := time.Now().Add(long); time.Now().Before(end); {
		n := f.nodes[r.IntN(len(f.nodes))]
		lasts := time.Duration(300+r.IntN(1500)) * time.Millisecond
		if harsh {
			lasts = time.Duration(1000+r.IntN(9000)) * time.Millisecond
		}
		switch r.IntN(kinds) {
		case 0, 1:
			f.note("kill -9", "node %d", n.i)
			n.signal(syscall.SIGKILL)
			time.Sleep(lasts)
		case 2:
			if harsh && r.IntN(3) == 0 {
				lasts = time.Duration(1+r.IntN(30)) * time.Second
			}
			f.note("SIGSTOP", "node %d for %v", n.i, lasts)
			n.signal(syscall.SIGSTOP)
			time.Sleep(lasts)
			n.signal(syscall.SIGCONT)
		case 3:
			how := []string{"hold", "cut"}[r.IntN(2)]
			f.note("connections to it "+how, "node %d for %v", n.i, lasts)
			f.told(n, how)
			time.Sleep(lasts)
			f.told(n, "pass")
		case 4:
			f.note("delay and reordering", "all, up to 60 ms, for %v", lasts)
			for _, other := range f.nodes {
				f.told(other, fmt.Sprint("delay ", 1+r.IntN(60)))
			}
			time.Sleep(lasts)
			for _, other := range f.nodes {
				f.told(other, "pass")
			}
		case 5:
			f.note("link down", "node %d for %v", n.i, lasts)
			ip(f.t, "-n %s link set eth0 down", f.place.space(n.i))
			time.Sleep(lasts)
			ip(f.t, "-n %s link set eth0 up", f.place.space(n.i))
		case 6:
			f.breakSyncs(n, []string{"error=EIO", "delay_enter=8000000"}[r.IntN(2)], 9*time.Second)
		case 7:
			f.fillDisk(n, lasts)
		}
		f.revive()
	}
}

func (f *fleet) told(n *node, what string) {
	if _, err := io.WriteString(n.proxy, what+"\n"); err != nil {
		f.t.Errorf("the proxy of node %d is gone: %v", n.i, err)
	}
}

// revive starts nodes that do not run.
func (f *fleet) revive() {
	for _, n := range f.nodes {
		if !n.running() {
			if err := f.start(n); err != nil {
				f.t.Errorf("starting again: %v", err)
			}
		}
	}
}

// breakSyncs makes the syncs of a node fail or hang for a while. Its store must stop itself.
func (f *fleet) breakSyncs(n *node, how string, lasts time.Duration) {
	pid := n.pid()
	if pid == 0 {
		return
	}
	f.note("fsync "+how, "node %d", n.i)
	c := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-p", fmt.Sprint(pid), "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:"+how)
	if err := c.Start(); err != nil {
		f.t.Errorf("strace: %v", err)
		return
	}
	n.mu.Lock()
	done := n.done
	n.mu.Unlock()
	select {
	case <-done:
	case <-time.After(lasts):
	}
	_ = c.Process.Signal(syscall.SIGTERM)                                   // it ends with the node, too
	last := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() }) // or hangs, with a node that died in a delayed call
	_ = c.Wait()
	last.Stop()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		f.note("no sync meanwhile", "node %d goes on", n.i)
	}
}

// fillDisk fills the file system that a node lives on, which is its own.
func (f *fleet) fillDisk(n *node, lasts time.Duration) {
	if !f.ownDisk(n) {
		return
	}
	f.note("full disk", "node %d for %v", n.i, lasts)
	ballast := filepath.Join(filepath.Dir(n.settings.Dir), "ballast")
	if file, err := os.Create(ballast); err == nil {
		_, _ = io.Copy(file, endless{}) // until the disk is full
		file.Close()
	}
	time.Sleep(lasts)
	_ = os.Remove(ballast)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// ownDisk reports whether a node lives on a file system of its own.
func (f *fleet) ownDisk(n *node) bool {
	var here, all syscall.Stat_t
	return syscall.Stat(filepath.Dir(n.settings.Dir), &here) == nil && syscall.Stat(f.dir, &all) == nil && here.Dev != all.Dev
}
