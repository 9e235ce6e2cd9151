package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// place is where processes live: on loopback, or each node in a network namespace of its own with a bridge between them.
type place struct {
	spaces bool
	prefix string // of the names of the namespaces
	n      int
}

// newPlace makes the namespaces, and removes them at the end.
func newPlace(t *testing.T, n int, spaces bool) *place {
	p := &place{spaces: spaces, prefix: fmt.Sprintf("shop%d-", os.Getpid()%10000), n: n}
	if !spaces {
		return p
	}
	for _, tool := range []string{"ip", "strace"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: install iproute2 and strace", tool)
		}
	}
	if out, err := exec.Command("ip", "netns", "add", p.hub()).CombinedOutput(); err != nil {
		t.Fatalf("no network namespace can be made here, which takes root and a kernel that allows it: %v: %s", err, out)
	}
	t.Cleanup(func() {
		for i := range n {
			_ = exec.Command("ip", "netns", "del", p.space(i)).Run() // it may not be there
		}
		_ = exec.Command("ip", "netns", "del", p.hub()).Run()
	})
	ip(t, "-n %s link add br0 type bridge", p.hub())
	ip(t, "-n %s addr add 10.77.0.254/24 dev br0", p.hub())
	ip(t, "-n %s link set br0 up", p.hub())
	ip(t, "-n %s link set lo up", p.hub())
	for i := range n {
		ip(t, "netns add %s", p.space(i))
		ip(t, "-n %s link add v%d type veth peer name eth0 netns %s", p.hub(), i, p.space(i))
		ip(t, "-n %s link set v%d master br0", p.hub(), i)
		ip(t, "-n %s link set v%d up", p.hub(), i)
		ip(t, "-n %s addr add %s/24 dev eth0", p.space(i), p.host(i))
		ip(t, "-n %s link set eth0 up", p.space(i))
		ip(t, "-n %s link set lo up", p.space(i))
	}
	return p
}

// disk makes a directory for a node: with namespaces, a small file system in memory of its own.
func (p *place) disk(t *testing.T, dir string) string {
	must(t, os.Mkdir(dir, 0o700))
	if p.spaces {
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", dir).CombinedOutput(); err != nil {
			t.Fatalf("mounting a file system: %v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	}
	return dir
}

func ip(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

func (p *place) hub() string        { return p.prefix + "hub" }
func (p *place) space(i int) string { return fmt.Sprint(p.prefix, i) }

// host is the address of node i. On loopback that is one of this process alone, so that nobody else has its ports.
func (p *place) host(i int) string {
	if p.spaces {
		return fmt.Sprint("10.77.0.", i+1)
	}
	return fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()>>14&63, os.Getpid()>>7&127, 1+os.Getpid()&127)
}

// hubHost is the address of the proxies.
func (p *place) hubHost() string {
	if p.spaces {
		return "10.77.0.254"
	}
	return p.host(0)
}

// command is this program again, in the namespace of node i, or of the hub if i is below zero.
func (p *place) command(i int, env string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.CommandContext(context.Background(), self)
	if p.spaces {
		space := p.hub()
		if i >= 0 {
			space = p.space(i)
		}
		c = exec.CommandContext(context.Background(), "ip", "netns", "exec", space, self)
	}
	c.Env = append(os.Environ(), env)
	c.Stderr = os.Stderr
	return c
}
