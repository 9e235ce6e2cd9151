package commerce

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
)

// RemoteCluster is the nodes of a store as seen through one of them, from a
// program that holds no store, such as a tool of an operator. Close it.
type RemoteCluster struct {
	net  *peer.TCP
	node string // the one that is asked
}

// ConnectCluster connects to the node at an address. The certificate names
// whoever asks, such as "operator"; whoever has one may do everything.
func ConnectCluster(ctx context.Context, addr string, credentials ClusterConfig) (*RemoteCluster, error) {
	as := credentials.credentials()
	g, err := peer.Greet(ctx, addr, as)
	if err != nil {
		return nil, err
	}
	name, err := peer.NodeOf(as)
	if err != nil {
		return nil, err
	}
	book, err := peer.OpenBook("")
	if err != nil {
		return nil, err
	}
	net, err := peer.ListenTCP(peer.TCPConfig{
		Node: name, Store: g.Store, Incarnation: uint64(time.Now().UnixNano()), Book: book, Credentials: as,
	})
	if err != nil {
		return nil, err
	}
	net.Serve(func(context.Context, string, peer.Request) ([]byte, error) {
		return nil, fault.New(fault.Refused, "a tool answers no calls")
	})
	r := &RemoteCluster{net: net, node: g.Node}
	if err := book.Learn(g.Node, addr); err != nil {
		return nil, fmt.Errorf("%w, %w", err, net.Close())
	}
	return r, nil
}

func (r *RemoteCluster) ask(ctx context.Context, c call) (answered, error) {
	data, err := command.Marshal(c)
	if err != nil {
		return answered{}, err
	}
	call := replication.Call
	if c.large() {
		call = replication.Fetch
	}
	raw, err := call(ctx, r.net, r.node, data)
	if err != nil {
		return answered{}, err
	}
	var got answered
	if err := command.Unmarshal(raw, &got); err != nil {
		return answered{}, fault.Wrap(fault.Uncertain, err, "node %s answered what cannot be read", r.node)
	}
	if got.Failure != nil {
		return got, new(fault.Types).Decode(got.Failure)
	}
	return got, nil
}

// Status is Cluster.Status.
func (r *RemoteCluster) Status(ctx context.Context) ([]NodeStatus, error) {
	got, err := r.ask(ctx, call{Op: callNodes})
	if err != nil {
		return nil, err
	}
	var list []NodeStatus
	return list, command.Unmarshal(got.Body, &list)
}

// Remove is Cluster.Remove.
func (r *RemoteCluster) Remove(ctx context.Context, node string) error {
	_, err := r.ask(ctx, call{Op: callRemoveNode, Node: node})
	return err
}

// Drain is Cluster.Drain.
func (r *RemoteCluster) Drain(ctx context.Context, node string) error {
	_, err := r.ask(ctx, call{Op: callDrainNode, Node: node})
	return err
}

// Resume is Cluster.Resume.
func (r *RemoteCluster) Resume(ctx context.Context, node string) error {
	_, err := r.ask(ctx, call{Op: callResumeNode, Node: node})
	return err
}

// Invite is Cluster.Invite.
func (r *RemoteCluster) Invite(ctx context.Context, node string, valid time.Duration) (token string, err error) {
	got, err := r.ask(ctx, call{Op: callInvite, Node: node, Offset: int64(valid)})
	return string(got.Body), err
}

// Audit is Cluster.Audit.
func (r *RemoteCluster) Audit(ctx context.Context) (a Audit, err error) {
	got, err := r.ask(ctx, call{Op: callAudit})
	if err != nil {
		return a, err
	}
	return a, command.Unmarshal(got.Body, &a)
}

// RaiseLevel is Cluster.RaiseLevel, to the newest level of the node that is
// asked.
func (r *RemoteCluster) RaiseLevel(ctx context.Context) (level uint32, err error) {
	got, err := r.ask(ctx, call{Op: callLevel})
	if err != nil {
		return 0, err
	}
	return level, command.Unmarshal(got.Body, &level)
}

// Close ends the connection.
func (r *RemoteCluster) Close() error { return r.net.Close() }

// Copy is Store.Copy on the node that is asked; the copy is fetched into an
// empty directory here.
func (r *RemoteCluster) Copy(ctx context.Context, dir string) (Copy, error) {
	return asker(r.ask).copyFrom(ctx, call{Op: callCopy}, dir)
}

// Asset writes a file of Store.Assets, whichever node has it. The error is
// fault.NotFound if none does.
func (r *RemoteCluster) Asset(ctx context.Context, id assets.ID, to io.Writer) error {
	return asker(r.ask).fetch(ctx, call{Op: callAnyAsset, Name: string(id)}, to)
}
