package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/keelshop/commerce/backup"
)

const backupVerifyHelp = `Usage: commerce backup verify PLACE [NAME] --key FILE [flags]

Restores a backup, the newest one unless named, into a directory that is removed
again, and checks every invariant of the store that comes out. Run it by a
schedule: a backup that was never restored is a hope.

Flags:
`

const backupRestoreHelp = `Usage: commerce backup restore PLACE [NAME] DIR --key FILE [flags]

Makes a store of a backup, the newest one unless named, in a directory that is
empty or not there, and the file DIR.keys beside it. The store is kept only if
every invariant holds. An interrupted restore removes what it has written.

For a cluster restore once, with --as naming the first node as its certificate
does, serve it, and let the other nodes join with empty directories. Copy DIR.keys
to them first. Nodes that were there before do not talk to the restored ones.

What happened after the backup is not in it: orders that customers paid for may
be known to the payment provider only.

Flags:
`

// restoring is what verify and restore have in common.
type restoring struct {
	key string
	o   backup.Restore
}

func (r *restoring) flags(line commandLine) {
	line.StringVar(&r.key, "key", "", "the `FILE` that commerce backup key made")
	line.StringVar(&r.o.Keys, "keys", "", "the store's key `FILE`, for a backup without it")
}

func (r *restoring) identities() (err error) {
	if r.key == "" {
		return misused("name the key that opens the backup with --key")
	}
	f, err := os.Open(r.key)
	if err != nil {
		return err
	}
	defer f.Close()
	r.o.Identities, err = age.ParseIdentities(f)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.key, err)
	}
	return nil
}

func backupVerify(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var r restoring
	line := newCommandLine(backupVerifyHelp, "key", "keys", "temp")
	r.flags(line)
	temp := line.String("temp", "", "restore below `DIR`, which needs room for all of it")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) < 1 || len(operands) > 2:
		return misused("name a place and at most one backup")
	}
	if err := r.identities(); err != nil {
		return err
	}
	place, err := backup.OpenPlace(ctx, operands[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	tell := newSteps(stderr)
	r.o.Progress = tell.progress
	m, err := place.Verify(ctx, strings.Join(operands[1:], ""), *temp, r.o)
	tell.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: complete, and the store in it is sound\n", m.Name)
	return err
}

func backupRestore(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var r restoring
	line := newCommandLine(backupRestoreHelp, "key", "as", "keys", "without-keys")
	r.flags(line)
	line.StringVar(&r.o.Node, "as", "", "call the store's node `NAME` (default: a new name)")
	line.BoolVar(&r.o.WithoutKeys, "without-keys", false, "restore what does not open until its keys are there")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) < 2 || len(operands) > 3:
		return misused("name a place, a backup if it is not the newest, and a directory")
	}
	if err := r.identities(); err != nil {
		return err
	}
	place, err := backup.OpenPlace(ctx, operands[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	dir := operands[len(operands)-1]
	tell := newSteps(stderr)
	r.o.Progress = tell.progress
	m, err := place.Restore(ctx, strings.Join(operands[1:len(operands)-1], ""), dir, r.o)
	tell.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s holds the store %s as it was at %s\n", dir, m.Copy.Store, m.Copy.At.Format("2006-01-02 15:04:05 MST"))
	return err
}

// recipients returns whom a backup is encrypted for.
func recipients(to, key string) ([]age.Recipient, error) {
	if to != "" {
		list, err := age.ParseRecipients(strings.NewReader(strings.ReplaceAll(to, ",", "\n")))
		if err != nil {
			return nil, misused("--to %s: %v", to, err)
		}
		return list, nil
	}
	if key == "" {
		return nil, misused("name whom the backup is encrypted for with --to; \"commerce backup key FILE\" makes a key")
	}
	r := restoring{key: key}
	if err := r.identities(); err != nil {
		return nil, err
	}
	var list []age.Recipient
	for _, one := range r.o.Identities {
		if x, ok := one.(*age.X25519Identity); ok {
			list = append(list, x.Recipient())
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no key of this kind: name the recipient with --to", key)
	}
	return list, nil
}

// mustBeNew refuses to write over a file.
func mustBeNew(path string) error {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%s is there already", path)
	}
	return err
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	n, i := float64(bytes), 0
	for n >= 1024 && i < len(units)-1 {
		n, i = n/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f %s", n, units[i])
}
