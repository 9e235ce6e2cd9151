package commerce

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// ClusterConfig says how a store takes part in a cluster: several nodes, each
// with a directory of its own, that hold the same store.
//
// Nodes talk over TCP with TLS 1.3, and both sides show a certificate that
// names its node: "commerce cluster certs" makes them. Every node needs the
// store's keys: copy the file DIR.keys of the first node to each other one
// before it joins, or give all of them the same WithKeyRing.
type ClusterConfig struct {
	Listen    string // the address to listen on, as in "10.0.0.1:7400"
	Advertise string // the address that other nodes are told; defaults to Listen

	// Cert, Key and Authorities are PEM files: this node's certificate and
	// private key, and the authorities whose nodes are let in. They are read
	// again for each new connection.
	Cert, Key, Authorities string

	// Credentials takes the place of the three files when it is not nil.
	Credentials func() (tls.Certificate, *x509.CertPool, error)

	// Join lists addresses of nodes. A directory that is new becomes a node
	// of their store. One that is a member already finds the others with it
	// when all have moved.
	Join []string

	// Token lets a node in that joins a cluster which is InviteOnly: see
	// Cluster.Invite. It is not needed any more once the node is a member.
	Token string

	// InviteOnly lets nobody join who has no token, also with a certificate
	// that is accepted. Set it on every node.
	InviteOnly bool

	// Operators names the certificates that may do everything in a cluster
	// which is InviteOnly, beside those of its nodes; nil means "operator".
	// Whoever has another one may only show a token.
	Operators []string

	// Replica makes a node that joins one that never gets a vote: it answers
	// reads and passes writes on, and the others do not wait for it.
	Replica bool

	// AuditEvery is how often the copies of all nodes are compared: see
	// Cluster.Audit. 0 means every hour, and a negative time never.
	AuditEvery time.Duration
}

// WithCluster makes the store one node of a cluster. The first node is opened
// without Join; a store that was on one node all the time can be, with its
// directory as it is. See also Cluster.Start.
func WithCluster(cc ClusterConfig) Option {
	return option(func(c *config) { c.cluster = &cc })
}

func (c ClusterConfig) check() error {
	if c.Listen == "" {
		return fault.New(fault.Invalid, "a node of a cluster needs an address to listen on")
	}
	if c.Credentials == nil && (c.Cert == "" || c.Key == "" || c.Authorities == "") {
		return fault.New(fault.Invalid, "a node of a cluster needs a certificate, its key, and the authorities of the others")
	}
	return nil
}

func (c ClusterConfig) operators() []string {
	if c.Operators == nil {
		return []string{"operator"}
	}
	return c.Operators
}

func (c ClusterConfig) credentials() peer.Credentials {
	if c.Credentials != nil {
		return c.Credentials
	}
	return peer.Files(c.Cert, c.Key, c.Authorities)
}

const (
	bookFile        = "peers.json"
	incarnationFile = "incarnation"
)

// newIdentity returns how a directory becomes a store: a new one, or a node of
// the one at the addresses to join.
func (c config) newIdentity(ctx context.Context) func(string, int) (identity, error) {
	if c.cluster == nil {
		return createIdentity
	}
	return func(dir string, shards int) (identity, error) {
		node, err := c.nodeName()
		if err != nil {
			return identity{}, err
		}
		if len(c.cluster.Join) == 0 && c.cluster.Replica {
			return identity{}, fault.New(fault.Invalid, "a replica joins a store that is there: name nodes to join")
		}
		if len(c.cluster.Join) == 0 {
			it, err := createIdentity(dir, shards)
			if err != nil {
				return it, err
			}
			it.Node = node
			return it, it.write(dir)
		}
		if err := mustBeEmpty(dir); err != nil {
			return identity{}, err
		}
		it, err := c.askIdentity(ctx)
		if err != nil {
			return it, err
		}
		it.Node = node
		return it, it.write(dir)
	}
}

// network is a node's way to the others. It finds out who is at an address.
type network interface {
	peer.Network
	Addr() string
	Discover(ctx context.Context, addr string) (node string, err error)
}

// nodeName is the name of a node that has no directory yet.
func (c config) nodeName() (string, error) {
	if c.rig.Network != nil {
		return c.rig.Node, nil
	}
	return peer.NodeOf(c.cluster.credentials())
}

// greet asks who is at an address.
func (c config) greet(ctx context.Context, addr string) (peer.Greeting, error) {
	if c.rig.Network != nil {
		return c.rig.Network.Greet(c.rig.Node, addr)
	}
	return peer.Greet(ctx, addr, c.cluster.credentials())
}

// askIdentity asks the nodes to join which store they hold.
func (c config) askIdentity(ctx context.Context) (identity, error) {
	var errs []error
	for _, addr := range c.cluster.Join {
		g, err := c.greet(ctx, addr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		shards, err := strconv.Atoi(g.Info["shards"])
		if err != nil || g.Store == "" {
			return identity{}, fault.New(fault.Broken, "the node at %s does not say what its store is like", addr)
		}
		it := identity{Format: Format, Shards: shards, Keys: g.Info["keys"], Joined: true}
		it.setLineage(g.Store)
		return it, nil
	}
	return identity{}, fmt.Errorf("no node to join could be reached: %w", errors.Join(errs...))
}

// newNetwork makes this node's way to the others.
func (s *Store) newNetwork(c ClusterConfig) (network, *peer.Book, error) {
	book, err := peer.OpenBook(filepath.Join(s.dir, bookFile))
	if err != nil {
		return nil, nil, err
	}
	info := map[string]string{"shards": strconv.Itoa(s.id.Shards), "keys": s.id.Keys}
	if m := s.config.rig.Network; m != nil {
		return m.Join(peer.Greeting{Node: s.id.Node, Store: s.id.Store, Info: info}), book, nil
	}
	incarnation, err := peer.NextIncarnation(filepath.Join(s.dir, incarnationFile))
	if err != nil {
		return nil, nil, err
	}
	net, err := peer.ListenTCP(peer.TCPConfig{
		Node: s.id.Node, Store: s.id.lineage(), Incarnation: incarnation, Listen: c.Listen, Advertise: c.Advertise,
		Book: book, Credentials: c.credentials(), Logger: s.config.logger,
		Info: info,
	})
	return net, book, err
}
