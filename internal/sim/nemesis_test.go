package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication/peer"
)

// plague makes trouble until a time has passed.
func (w *world) plague() {
	for end := time.Now().Add(w.trouble); time.Now().Before(end); {
		w.harm()
		time.Sleep(time.Duration(200+w.r.IntN(3000)) * time.Millisecond)
		w.bury()
		if w.r.IntN(3) == 0 {
			w.net.Heal()
			w.net.SetFaults(peer.Faults{})
			w.add("the network is well")
		}
		w.revive(2)
	}
}

// harm does one bad thing.
func (w *world) harm() {
	n := w.nodes[w.r.IntN(len(w.nodes))]
	other := w.nodes[w.r.IntN(len(w.nodes))]
	l := n.now.Load()
	switch w.r.IntN(13) {
	case 0:
		w.fault("isolate", "%s", n.name)
		w.net.Isolate(n.name)
	case 1, 2:
		w.fault("one way", "%s to %s", n.name, other.name)
		w.net.Cut(n.name, other.name)
	case 3:
		w.fault("slow way", "%s to %s", n.name, other.name)
		w.net.Slow(n.name, other.name, time.Duration(w.r.IntN(2000))*time.Millisecond)
	case 4, 5:
		f := peer.Faults{
			Loss: float64(w.r.IntN(15)) / 100, Duplicate: float64(w.r.IntN(40)) / 100,
			MaxDelay: time.Duration(1+w.r.IntN(200)) * time.Millisecond, Late: time.Duration(w.r.IntN(30)) * time.Second,
		}
		w.fault("bad network", "%+v", f)
		w.net.SetFaults(f)
	case 6, 7:
		w.fault("crash", "%s", n.name)
		w.crash(n)
	case 8:
		w.fault("stop", "%s", n.name)
		w.quit(n)
	case 9:
		if l != nil && !l.broken {
			w.breakDisk(l)
		}
	case 10:
		jump := time.Duration(w.r.IntN(7200)-3600) * time.Second
		w.fault("clock", "%s by %v", n.name, jump)
		n.wall.Add(int64(jump))
	case 11:
		w.fault("drain", "%s", n.name)
		w.drain(n.name)
	case 12:
		w.replace(n)
	}
}

// breakDisk makes one of the next calls to the disk fail or hang. The store must stop; it is crashed then.
func (w *world) breakDisk(l *life) {
	l.broken = true
	at, op := 1+w.r.Int64N(40), []faultvfs.Op{faultvfs.Write, faultvfs.Sync, faultvfs.Any}[w.r.IntN(3)]
	op |= faultvfs.ByWriter
	if w.r.IntN(3) == 0 {
		w.fault("disk hangs", "%s, call %d", l.node, at)
		l.release = l.fs.HangAt(at, op)
		return
	}
	how := []faultvfs.Failure{faultvfs.IOErr, faultvfs.Full, faultvfs.FsyncErr}[w.r.IntN(3)]
	w.fault("disk fails", "%s, call %d", l.node, at)
	l.fs.FailAt(at, op, how|faultvfs.Always)
}

// drain moves what a node leads elsewhere, and lets it lead again.
func (w *world) drain(name string) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
	defer cancel()
	live := w.running()
	if len(live) == 0 {
		return
	}
	cluster := live[0].shop.Cluster()
	err := cluster.Drain(ctx, name)
	if err == nil {
		err = cluster.Resume(ctx, name)
	}
	w.add("%s drains %s: %v", live[0].node, name, err)
}

// replace takes a node out and puts another one with an empty directory in its place.
func (w *world) replace(n *node) {
	if n == w.nodes[0] || len(w.running()) < len(w.nodes) || w.complete() != nil {
		return // its vote may be one that the others cannot do without
	}
	w.fault("replace", "%s", n.name)
	w.crash(n)
	w.gone = append(w.gone, n.name)
	w.nodes = slices.DeleteFunc(w.nodes, func(other *node) bool { return other == n })
	w.removeGone(10 * time.Second)
	w.addNode(fmt.Sprint("m", len(w.gone)))
}

// removeGone asks for the removal of nodes that were replaced. That works only with a majority of the others, and can be
// asked again.
func (w *world) removeGone(limit time.Duration) (err error) {
	for _, name := range w.gone {
		for _, l := range w.running() {
			ctx, cancel := context.WithTimeout(w.t.Context(), limit)
			err = l.shop.Cluster().Remove(ctx, name)
			cancel()
			w.add("%s removes %s: %v", l.node, name, err)
			if err == nil || isNotFound(err) {
				err = nil
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bury crashes nodes whose store has stopped itself, as it must after a fault of its disk.
func (w *world) bury() {
	for _, n := range w.nodes {
		l := n.now.Load()
		if l == nil {
			continue
		}
		select {
		case <-l.shop.Failed():
			w.add("%s has stopped itself: %v", n.name, l.shop.Err())
			w.crash(n)
		default:
		}
	}
}

// revive starts nodes that do not run, each with a probability of one in some.
func (w *world) revive(one int) {
	for _, n := range w.nodes {
		if n.now.Load() != nil || w.r.IntN(one) > 0 {
			continue
		}
		ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
		fresh := n.join
		if err := w.open(ctx, n); err != nil && !fresh { // a newcomer may find nobody to join
			w.complains(fmt.Errorf("%s does not open again: %w", n.name, err))
		}
		cancel()
	}
}
