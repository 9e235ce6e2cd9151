package chaos

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// runProxy is the process that passes connections on from one address to another. On its standard input it is told what
// to do to them: "pass", "delay 50" (milliseconds at most, drawn anew for each piece and each way, so that connections
// overtake each other), "hold" (nothing arrives, and nobody is told), "cut" (connections break).
func runProxy(listen, target string, in io.Reader, out io.Writer) int {
	p := &proxy{target: target, open: map[net.Conn]bool{}}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		fmt.Fprintln(out, err)
		return exitOpen
	}
	fmt.Fprintln(out, "listening", l.Addr())
	go p.accept(l)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		delay := 0
		fmt.Sscan(number, &delay)
		p.delay.Store(int64(delay))
		p.hold.Store(word == "hold")
		p.refuse.Store(word == "cut")
		if word == "cut" {
			p.breakAll()
		}
	}
	return exitOK
}

type proxy struct {
	target string
	delay  atomic.Int64
	hold   atomic.Bool
	refuse atomic.Bool
	mu     sync.Mutex
	open   map[net.Conn]bool
}

func (p *proxy) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go p.join(c)
	}
}

func (p *proxy) join(c net.Conn) {
	defer c.Close()
	if p.refuse.Load() {
		return
	}
	t, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer t.Close()
	p.mu.Lock()
	p.open[c], p.open[t] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pass(c, t) })
	both.Go(func() { p.pass(t, c) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, c)
	delete(p.open, t)
	p.mu.Unlock()
}

// pass copies one way until it breaks, and then breaks the other.
func (p *proxy) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if d := p.delay.Load(); d > 0 {
			time.Sleep(time.Duration(rand.Int64N(d+1)) * time.Millisecond)
		}
		for p.hold.Load() {
			time.Sleep(20 * time.Millisecond)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) breakAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}
