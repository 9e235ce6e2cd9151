package commerce_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// TestNodesJoinByInvitation: a certificate alone lets nobody in; a token lets
// one node in, once, in time.
func TestNodesJoinByInvitation(t *testing.T) {
	t.Parallel()
	tokens := map[int]string{}
	f := newTunedFleet(t, 2, func(i int, c *commerce.ClusterConfig) { c.InviteOnly, c.Token = true, tokens[i] })
	f.names = map[int]string{1: "db1.shop", 4: "db4.shop.example"}
	stock(t, f.nodes[0], "mug", 10)
	invite := f.nodes[0].Cluster().Invite
	refused := func(i int, what string) {
		t.Helper()
		f.lend(i)
		_, err := commerce.Open(t.Context(), f.path(i), commerce.WithCluster(f.config(i)))
		if fault.CodeOf(err) != fault.Denied {
			t.Errorf("%s: got %v", what, err)
		}
	}
	f.addrs = append(f.addrs, "", "", "", "", "")
	for i := range f.addrs {
		f.addrs[i] = f.addrs[0]
	}
	refused(1, "without a token")
	expired, err := invite("node_2", time.Nanosecond)
	must(t, err)
	tokens[2] = expired
	refused(2, "with one that has expired")
	forOther, err := invite("node_9", time.Hour)
	must(t, err)
	tokens[3] = forOther
	refused(3, "with one for another node")
	tokens[3] = "node_0.AAAAAAAAAAAAAAAA"
	refused(3, "with one that was made up")

	tokens[1], err = invite(f.name(1), time.Hour)
	must(t, err)
	f.open(1) // the directory of the first try
	tokens[2], err = f.nodes[1].Cluster().Invite("node_2", time.Hour)
	must(t, err)
	f.open(2)
	f.voters(3)
	f.check()
	_, err = invite(f.name(1), time.Hour)
	wantCode(t, err, fault.Conflict)
	_, err = invite("node_5", 8*24*time.Hour)
	wantCode(t, err, fault.Invalid)
	for _, name := range []string{"", "node 5", "node_5\n"} {
		_, err = invite(name, time.Hour)
		wantCode(t, err, fault.Invalid)
	}

	// Its token was used, and it has left.
	left, err := os.ReadFile(filepath.Join(f.path(1), "invitations.json"))
	if err != nil || strings.Contains(string(left), "node_2") {
		t.Errorf("what is left of tokens: %s, %v", left, err)
	}
	f.stop(2, false)
	must(t, f.nodes[0].Cluster().Remove(t.Context(), "node_2"))
	must(t, os.RemoveAll(f.path(2)))
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := commerce.Open(short, f.path(2), commerce.WithCluster(f.config(2))); err == nil {
		t.Error("a token was used twice")
	}

	// A tool makes tokens too, and they outlive the node that keeps them.
	tool, err := commerce.ConnectCluster(t.Context(), f.addrs[0], commerce.ClusterConfig{Credentials: f.ca.Credentials("operator")})
	must(t, err)
	defer tool.Close()
	tokens[4], err = tool.Invite(t.Context(), f.name(4), time.Hour)
	must(t, err)
	f.stop(0, false)
	f.open(0)
	for i := range f.addrs {
		f.addrs[i] = f.addrs[0]
	}
	f.lend(4)
	f.open(4)
	f.check()

	// Letting one in waits for the leaders. Other tokens do not wait for that.
	f.stop(1, true)
	f.stop(4, true)
	late, err := f.nodes[0].Cluster().Invite("node_5", time.Hour)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	admitted := make(chan error, 1)
	go func() { admitted <- commerce.Admit(ctx, f.nodes[0], "node_5", late) }()
	for range 20 {
		time.Sleep(10 * time.Millisecond)
		_, err := f.nodes[0].Cluster().Invite("node_6", time.Hour)
		must(t, err)
	}
	select {
	case err := <-admitted:
		t.Errorf("a node was let in without a leader, or others have waited: %v", err)
	default:
	}
	cancel()
	if err := <-admitted; !fault.Retryable(err) {
		t.Errorf("letting one in without a leader: %v", err)
	}
}

// TestAnInvitationOpensNothingElse: who has a certificate and a token may show the token, and neither send commands nor
// fetch copies nor decide about members. Members and operators may, also those that this node has not heard of yet.
func TestAnInvitationOpensNothingElse(t *testing.T) {
	t.Parallel()
	f := newTunedFleet(t, 1, func(i int, c *commerce.ClusterConfig) { c.InviteOnly = true })
	connect := func(name string) *commerce.RemoteCluster {
		t.Helper()
		tool, err := commerce.ConnectCluster(t.Context(), f.addrs[0], commerce.ClusterConfig{Credentials: f.ca.Credentials(name)})
		must(t, err)
		t.Cleanup(func() { must(t, tool.Close()) })
		return tool
	}
	operator, guest := connect("operator"), connect("node_1")
	_, err := operator.Invite(t.Context(), "node_1", time.Hour)
	must(t, err)
	for what, do := range map[string]func(*commerce.RemoteCluster) error{
		"a command":  func(r *commerce.RemoteCluster) error { return commerce.Submit(t.Context(), r) },
		"a copy":     func(r *commerce.RemoteCluster) error { _, err := r.Copy(t.Context(), t.TempDir()); return err },
		"a removal":  func(r *commerce.RemoteCluster) error { return r.Remove(t.Context(), "node_0") },
		"a drain":    func(r *commerce.RemoteCluster) error { return r.Drain(t.Context(), "node_0") },
		"the status": func(r *commerce.RemoteCluster) error { _, err := r.Status(t.Context()); return err },
		"an audit":   func(r *commerce.RemoteCluster) error { _, err := r.Audit(t.Context()); return err },
		"a picture": func(r *commerce.RemoteCluster) error {
			return r.Asset(t.Context(), assets.ID(strings.Repeat("0", 64)), io.Discard)
		},
		"another's token": func(r *commerce.RemoteCluster) error {
			_, err := r.Invite(t.Context(), "node_2", time.Hour)
			return err
		},
	} {
		if err := do(guest); fault.CodeOf(err) != fault.Denied {
			t.Errorf("%s, for one who is invited: %v", what, err)
		}
	}
	if list, err := operator.Status(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("for an operator: %+v, %v", list, err)
	}
	if err := commerce.Submit(t.Context(), operator); fault.CodeOf(err) != fault.Invalid { // it is no command
		t.Errorf("a command of an operator: %v", err)
	}

	open := newFleet(t, 1) // where no invitation is needed, a token for oneself is none
	guest, err = commerce.ConnectCluster(t.Context(), open.addrs[0], commerce.ClusterConfig{Credentials: open.ca.Credentials("node_1")})
	must(t, err)
	defer guest.Close()
	_, err = guest.Invite(t.Context(), "node_1", time.Hour)
	wantCode(t, err, fault.Denied)
}
