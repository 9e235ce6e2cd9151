package peer

import (
	"crypto/tls"
	"net"
	"time"
)

// trustEvery is how often the certificates of open connections are checked again.
const trustEvery = time.Minute

// show keeps what the other side of a connection has shown, to be checked again for as long as it is open.
func (n *TCP) show(c net.Conn, state tls.ConnectionState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shown[c] = state
}

// watchTrust closes connections that would not be made any more: the certificate of the other side has run out, or
// this node no longer accepts its authority.
func (n *TCP) watchTrust() {
	for {
		if wait(n.ctx, n.conf.TrustEvery); n.ctx.Err() != nil {
			return
		}
		n.recheck()
	}
}

func (n *TCP) recheck() {
	_, roots, err := n.conf.Credentials()
	if err != nil {
		return // files that are being replaced; a connection that is made now says what is wrong
	}
	check := verify(roots)
	n.mu.Lock()
	defer n.mu.Unlock()
	for c, state := range n.shown {
		if err := check(state); err != nil {
			n.conf.Logger.Warn("a connection was closed", "node", n.open[c], "error", err)
			delete(n.shown, c)
			c.Close()
		}
	}
}
