package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/keelshop/commerce/internal/durable"
	"github.com/keelshop/commerce/replication/peer"
)

const certsHelp = `Usage: commerce cluster certs DIR NAME…

Makes a certificate and a key for each name, DIR/NAME.crt and DIR/NAME.key, and
the authority that signs them, DIR/ca.crt and DIR/ca.key, unless it is there.

The name is that of a node for ever. A store that was on one node before has
its name in store.json. "operator" is for the other commands of cluster. Give
each node its own two files and ca.crt, and keep ca.key elsewhere.

Making a certificate again renews it; nodes use the new one without a restart.

Flags:
`

const (
	authorityName = "ca"
	day           = 24 * time.Hour
)

func clusterCerts(_ context.Context, args []string, stdout, stderr io.Writer) error {
	line := newCommandLine(certsHelp, "days")
	days := line.Int("days", 365, "let certificates be valid for `N` days (default 365)")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) < 2:
		return misused("name a directory and at least one node")
	case *days < 1 || *days > 36500:
		return misused("--days %d: it is 1 to 36500", *days)
	}
	dir := operands[0]
	authority, err := openAuthority(dir)
	if err != nil {
		return err
	}
	for _, name := range operands[1:] {
		if name == authorityName || name != filepath.Base(name) || name == "." || name == ".." {
			return misused("%q cannot be the name of a node", name)
		}
		cert, key, err := authority.Issue(name, time.Now(), time.Duration(*days)*day)
		if err == nil {
			err = writePair(dir, name, cert, key)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(stderr, "%s: valid for %d days\n", filepath.Join(dir, name+".crt"), *days)
	}
	return nil
}

// openAuthority reads the authority in dir and makes one when there is none.
func openAuthority(dir string) (*peer.Authority, error) {
	cert, err := os.ReadFile(filepath.Join(dir, authorityName+".crt"))
	if errors.Is(err, fs.ErrNotExist) {
		return newAuthority(dir)
	}
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(dir, authorityName+".key"))
	if err != nil {
		return nil, err
	}
	return peer.ReadAuthority(cert, key)
}

func newAuthority(dir string) (*peer.Authority, error) {
	authority, err := peer.NewAuthority(time.Now(), 10*365*day)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cert, key, err := authority.PEM()
	if err != nil {
		return nil, err
	}
	return authority, writePair(dir, authorityName, cert, key)
}

// writePair writes the key first: a certificate without its key is of no use.
func writePair(dir, name string, cert, key []byte) error {
	if err := durable.Write(filepath.Join(dir, name+".key"), key); err != nil {
		return err
	}
	return durable.Write(filepath.Join(dir, name+".crt"), cert)
}
