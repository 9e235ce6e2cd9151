package commerce

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
)

// invitationsFile holds the tokens of a node that nobody has used yet, by their
// hashes.
const invitationsFile = "invitations.json"

// invitation lets one node in, once.
type invitation struct {
	Node    string    `json:"node"`
	Hash    string    `json:"hash"` // SHA-256 of the token, in hexadecimal
	Expires time.Time `json:"expires"`
}

// Invite returns a token with which one node may join, once, for a time of at
// most a week. It joins through the node that made the token; should that be
// gone, make another.
func (c *Cluster) Invite(node string, valid time.Duration) (token string, err error) {
	switch {
	case c.in().net == nil:
		return "", fault.New(fault.Invalid, "the store is not part of a cluster")
	case node == "" || strings.ContainsAny(node, " \t\n"):
		return "", fault.New(fault.Invalid, "%q is not the name of a node", node)
	case valid <= 0 || valid > 7*24*time.Hour:
		return "", fault.New(fault.Invalid, "a token is valid for up to a week, not for %v", valid)
	case c.knows(node):
		return "", fault.New(fault.Conflict, "node %s is part of this cluster already", node)
	}
	token = c.store.engine.self + "." + rand.Text()
	c.tokens.Lock()
	defer c.tokens.Unlock()
	list, err := c.invitations()
	if err != nil {
		return "", err
	}
	list = append(list, invitation{Node: node, Hash: hashToken(token), Expires: c.now().Add(valid)})
	return token, c.writeInvitations(list)
}

func (c *Cluster) now() time.Time { return c.store.config.clock.Wall().UTC() }

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// knows reports whether a node is a member of any shard.
func (c *Cluster) knows(node string) bool {
	return slices.ContainsFunc(c.store.engine.lanes, func(l *lane) bool { return member(l.group, node) })
}

// invitations reads those that have not expired.
func (c *Cluster) invitations() (list []invitation, err error) {
	path := filepath.Join(c.store.dir, invitationsFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading %s: remove it, and make new tokens", path)
	}
	now := c.now()
	return slices.DeleteFunc(list, func(i invitation) bool { return !i.Expires.After(now) }), nil
}

func (c *Cluster) writeInvitations(list []invitation) error {
	data, err := json.MarshalIndent(list, "", "\t")
	if err == nil {
		err = durable.Write(filepath.Join(c.store.dir, invitationsFile), append(data, '\n'))
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "noting a token")
	}
	return nil
}

// permits decides whether a node may make a call. Members may do everything,
// and so may whoever has a certificate; but where nodes join by invitation only,
// those who are neither members nor operators may only show a token.
func (c *Cluster) permits(ctx context.Context, from string, what call) error {
	switch {
	case what.Op == callRedeem && what.Node != from:
		return fault.New(fault.Denied, "node %s cannot join as %s", from, what.Node)
	case what.Op == callInvite && what.Node == from:
		return fault.New(fault.Denied, "node %s cannot invite itself", from)
	case !c.in().conf.InviteOnly || what.Op == callRedeem || c.knows(from) || slices.Contains(c.in().conf.operators(), from):
		return nil
	}
	return c.stranger(ctx, from)
}

// stranger decides about one that this node does not know as a member: it may
// have heard less than others. Who becomes a member does so in the first shard
// first.
func (c *Cluster) stranger(ctx context.Context, from string) error {
	e := c.store.engine
	if !member(e.lanes[0].group, e.self) {
		return fault.New(fault.Unavailable, "node %s is about to join and does not know the others yet", e.self)
	}
	if err := e.fresh(ctx, e.lanes[0]); err != nil {
		return fault.Wrap(fault.Unavailable, err, "looking whether node %s is a member", from)
	}
	if c.knows(from) {
		return nil
	}
	return fault.New(fault.Denied, "node %s is not part of this cluster, which lets nodes in by invitation only: it needs a token, which \"commerce cluster invite %s\" makes", from, from)
}

// redeem hands this node's token to the node that made it, which lets it in.
func (c *Cluster) redeem(ctx context.Context) error {
	dot := strings.LastIndexByte(c.in().conf.Token, '.') // names of nodes may have dots, and what follows has none
	if dot < 0 {
		return fault.New(fault.Invalid, "this is not a token that lets a node in")
	}
	issuer := c.in().conf.Token[:dot]
	err := c.store.engine.retry(ctx, func(ctx context.Context) error {
		_, err := c.store.engine.ask(ctx, issuer, call{Op: callRedeem, Node: c.store.engine.self, Addr: c.Addr(), Name: c.in().conf.Token})
		return err
	})
	if err != nil {
		return fmt.Errorf("joining with a token: %w", err)
	}
	return nil
}

// admit is callRedeem: it makes the node that calls a member of every shard, and
// then the token is gone. A node that is cut off before that may call again.
// Leaders may be slow, and nobody else waits for them: a token is good for one
// node only, however often it is shown meanwhile.
func (c *Cluster) admit(ctx context.Context, what call) error {
	if err := c.checkToken(what); err != nil {
		return err
	}
	for _, l := range c.store.engine.lanes {
		if err := c.atLeader(ctx, call{Op: callAdd, Shard: l.number, Node: what.Node, Addr: what.Addr}); err != nil {
			return fmt.Errorf("adding node %s to shard %d: %w", what.Node, l.number, err)
		}
	}
	return c.useToken(what)
}

// checkToken reports whether the token that a node shows lets it in.
func (c *Cluster) checkToken(what call) error {
	c.tokens.Lock()
	defer c.tokens.Unlock()
	list, err := c.invitations()
	if err == nil && !slices.ContainsFunc(list, what.fits) {
		err = fault.New(fault.Denied, "the token does not let node %s in: it was used, has expired, or is for another node", what.Node)
	}
	return err
}

// useToken removes the token that a node has shown.
func (c *Cluster) useToken(what call) error {
	c.tokens.Lock()
	defer c.tokens.Unlock()
	list, err := c.invitations()
	if err != nil {
		return err
	}
	return c.writeInvitations(slices.DeleteFunc(list, what.fits))
}

// fits reports whether a callRedeem shows the token of an invitation.
func (c call) fits(i invitation) bool {
	return i.Node == c.Node && subtle.ConstantTimeCompare([]byte(i.Hash), []byte(hashToken(c.Name))) == 1
}
