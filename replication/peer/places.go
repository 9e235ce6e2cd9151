package peer

import (
	"net"
	"net/netip"
	"sync"
)

// places counts the connections of each address that have not greeted yet, so that one that opens many and says nothing
// leaves room for others. The zero value is ready for use.
type places struct {
	mu    sync.Mutex
	taken map[string]int
}

// take reports whether an address may have one more.
func (p *places) take(from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[from] >= maxOfOne {
		return false
	}
	if p.taken == nil {
		p.taken = map[string]int{}
	}
	p.taken[from]++
	return true
}

// leave gives a place back.
func (p *places) leave(from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[from]--; p.taken[from] <= 0 {
		delete(p.taken, from)
	}
}

// origin is the address that a connection counts for; of IPv6 the network, since whoever has one address has all of it.
func origin(c net.Conn) string {
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	addr := at.Addr().Unmap()
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
