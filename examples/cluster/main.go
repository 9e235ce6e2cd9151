// Command cluster holds one shop on three nodes, each a process of its own on
// this machine, with shoppers who buy all the time and pages behind a small
// balancer at http://localhost:8080. It shows who leads, how far each node is and
// how fast it sells, while you kill nodes and start them again:
//
//	go run ./examples/cluster
//	k 2   kills node 2, as a loss of power does
//	s 2   starts it again
//	q     ends all of them, and verifies what they hold
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "node" {
		exit(node(os.Args[2], os.Stdin, os.Stdout))
	}
	exit(run(os.Stdin, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run is the process that watches over the nodes.
func run(in io.Reader, out io.Writer) error {
	dir, err := os.MkdirTemp("", "commerce-cluster-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	f, err := newFleet(ctx, dir, 3)
	if err != nil {
		return err
	}
	defer f.killAll()
	if err := f.startAll(); err != nil {
		return err
	}
	front, err := net.Listen("tcp", webAddr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: f.balancer().handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	defer server.Close()
	go server.Serve(front) // until it is closed
	asked := make(chan string)
	go func() {
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			asked <- strings.TrimSpace(lines.Text())
		}
		close(asked)
	}()
	view := time.NewTicker(500 * time.Millisecond)
	defer view.Stop()
	for {
		select {
		case <-view.C:
			f.show(out)
		case line, ok := <-asked:
			if !ok || line == "q" {
				return f.finish(out)
			}
			f.obey(line)
		case <-ctx.Done():
			return f.finish(out)
		}
	}
}

// webAddr is where the balancer listens.
const webAddr = "localhost:8080"

// obey does what a line asks for: "k N" or "s N".
func (f *fleet) obey(line string) {
	what, number, _ := strings.Cut(line, " ")
	i, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || i < 1 || i > len(f.nodes) {
		f.note = "say k 2, s 2 or q"
		return
	}
	f.note = ""
	switch what {
	case "k":
		f.kill(i - 1)
	case "s":
		if err := f.start(i - 1); err != nil {
			f.note = err.Error()
		}
	default:
		f.note = "say k 2, s 2 or q"
	}
}

func (f *fleet) show(out io.Writer) {
	var b strings.Builder
	b.WriteString("\x1b[H\x1b[2J")
	fmt.Fprintf(&b, "%-6s %-8s %-8s %-12s %10s %10s %8s\n", "NODE", "PID", "STATE", "LEADS", "ORDERS", "ORDERS/S", "BEHIND")
	for i, n := range f.nodes {
		r, state := n.report(), "up"
		if !n.running() {
			state, r.Leads, r.Rate = "down", nil, 0
		}
		fmt.Fprintf(&b, "%-6s %-8d %-8s %-12s %10d %10.0f %8d\n", nodeName(i), n.pid(), state, fmt.Sprint(r.Leads), r.Orders, r.Rate, r.Behind)
	}
	fmt.Fprintf(&b, "\nThe shop is at http://%s. k N kills a node, s N starts it, q ends. %s\n", webAddr, f.note)
	io.WriteString(out, b.String())
}

func nodeName(i int) string { return fmt.Sprint("n", i+1) }

func (f *fleet) store(i int) string { return filepath.Join(f.dir, nodeName(i)) }
