package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"filippo.io/age"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/internal/durable"
)

const backupHelp = `Usage: commerce backup COMMAND

  key FILE            make a key that opens backups
  create PLACE        back a store up
  list PLACE          list the backups
  verify PLACE        restore a backup for a test, and check the store in it
  restore PLACE DIR   make a store of a backup

PLACE is a directory, or a bucket as in "s3://bucket?region=eu-central-1" or
"s3://bucket?endpoint=https://minio.example&use_path_style=true&region=x". The
environment has the credentials, as for the tools of AWS.

A routine, once:

  commerce backup key backup.key
  (keep the file backup.key away from the store and from the backups)

daily, on a machine that reaches a node of the cluster, or with --dir where a
store is that no program has open:

  commerce backup create PLACE --to age1… --keys DIR.keys --addr 10.0.0.1:7400

and weekly, elsewhere:

  commerce backup verify PLACE --key backup.key

"commerce backup COMMAND --help" says more.
`

var backupCommands = []subcommand{
	{"key", backupKey},
	{"create", backupCreate},
	{"list", backupList},
	{"verify", backupVerify},
	{"restore", backupRestore},
}

func backups(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return misused("name what to do: key, create, list, verify or restore")
	}
	if args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		_, err := io.WriteString(stdout, backupHelp)
		return err
	}
	for _, c := range backupCommands {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	return misused("there is no command %q", args[0])
}

const backupKeyHelp = `Usage: commerce backup key FILE

Makes a key: FILE opens backups, and is for who restores and verifies them. The
line that is printed is for who makes them; it opens nothing. Who loses FILE
loses the backups.
`

func backupKey(_ context.Context, args []string, stdout, _ io.Writer) error {
	operands, err := newCommandLine(backupKeyHelp).parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one file, not %d", len(operands))
	}
	if err := mustBeNew(operands[0]); err != nil {
		return err
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("# This key opens backups of a store. Without it they are lost.\n# For commerce backup create --to %s\n%s\n", key.Recipient(), key)
	if err := durable.Write(operands[0], []byte(text)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, key.Recipient())
	return err
}

const backupCreateHelp = `Usage: commerce backup create PLACE --to RECIPIENT [flags]

Backs a store up as it is at one moment, while it sells: its shards, the files
of the shop and its keys, compressed and encrypted. The store is one that runs
in a cluster, asked at --addr, or with --dir one that no program has open. An
interrupted backup removes what it has written.

Flags:
`

// backupSource is where a command line takes the store from.
type backupSource struct {
	dir, addr string
	who       identity
}

func backupCreate(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var from backupSource
	var to, key string
	var o backup.Create
	line := newCommandLine(backupCreateHelp, "to", "key", "addr", "certs", "as", "dir", "keys", "without-keys", "without-assets", "temp")
	line.StringVar(&to, "to", "", "encrypt for `RECIPIENT`, as commerce backup key prints it")
	line.StringVar(&key, "key", "", "encrypt for the key in `FILE`, in place of --to")
	line.StringVar(&from.addr, "addr", "127.0.0.1:7400", "ask the node that listens on `ADDR` (default 127.0.0.1:7400)")
	from.who.flags(line, "operator")
	line.StringVar(&from.dir, "dir", "", "open the store in `DIR`, in place of --addr")
	line.StringVar(&o.Keys, "keys", "", "the store's key `FILE` (with --dir: DIR.keys)")
	line.BoolVar(&o.WithoutKeys, "without-keys", false, "leave the store's keys out: they are kept elsewhere")
	line.BoolVar(&o.WithoutAssets, "without-assets", false, "leave the files of the shop out")
	line.StringVar(&o.Temp, "temp", "", "make the copy in `DIR`, which needs room for all of it")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one place, not %d", len(operands))
	}
	if o.Recipients, err = recipients(to, key); err != nil {
		return err
	}
	if from.dir != "" && o.Keys == "" && !o.WithoutKeys {
		o.Keys = from.dir + ".keys"
	}
	if o.Keys == "" && !o.WithoutKeys {
		return misused("name the store's key file with --keys, or say --without-keys: without them nobody can read personal data in what is restored, and the store does not open")
	}
	place, err := backup.OpenPlace(ctx, operands[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	source, end, err := from.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	tell := newSteps(stderr)
	o.Progress = tell.progress
	m, err := place.Create(ctx, source, o)
	tell.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %s, cut %d, %d shards, %d files of the shop\n", m.Name, size(m.Bytes()), m.Copy.Cut, len(m.Copy.Files), m.Files)
	return err
}

// open connects to a cluster, or opens a directory.
func (b backupSource) open(ctx context.Context) (backup.Source, func() error, error) {
	if b.dir == "" {
		c, err := commerce.ConnectCluster(ctx, b.addr, b.who.config())
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
	shop, err := commerce.OpenAtRest(ctx, b.dir)
	if err != nil {
		return nil, nil, err
	}
	return backup.Of(shop), shop.Close, nil
}

const backupListHelp = `Usage: commerce backup list PLACE

Lists the complete backups in a place, the newest first.
`

func backupList(ctx context.Context, args []string, stdout, _ io.Writer) (err error) {
	operands, err := newCommandLine(backupListHelp).parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one place, not %d", len(operands))
	}
	place, err := backup.OpenPlace(ctx, operands[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	list, failed := place.List(ctx)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tMADE\tSIZE\tSTORE\tSHARDS\tCUT\tKEYS\tFILES")
	for _, m := range list {
		keys := "yes"
		if !m.Keys {
			keys = "no"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\n", m.Name, m.Created.Format(time.DateTime), size(m.Bytes()), m.Copy.Store, len(m.Copy.Files), m.Copy.Cut, keys, m.Files)
	}
	return errors.Join(w.Flush(), failed)
}
