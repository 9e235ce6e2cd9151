// Package rig says what a store stands on when it is simulated: nodes in one process, a network in memory, disks that
// break.
package rig

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/replication/peer"
)

// A Rig takes the place of what a machine has. Zero fields leave the machine's own.
type Rig struct {
	Node     string       // this node's name, when there is a Network
	Network  *peer.Memory // carries what nodes say; addresses are names there, and nobody shows a certificate
	VFS      string       // the SQLite VFS of all files
	LogBytes int64        // log that a shard gathers before it checkpoints and truncates
	Pipeline bool         // followers are sent entries before they have answered for those before

	Modules []command.Module     // more commands, as a newer program has
	Engine  func(command.Engine) // gets the store's engine, for commands that no service has
}
