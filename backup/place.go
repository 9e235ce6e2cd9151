package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3:// in OpenPlace
)

// A Place is where backups are. Close it.
type Place struct {
	bucket *blob.Bucket
	dir    string // of a Place that is a directory
}

// OpenPlace opens a directory, which is made if it is not there, or the bucket
// of an address as gocloud.dev/blob understands it, as in
//
//	s3://bucket?region=eu-central-1&prefix=shop/
//	s3://bucket?endpoint=https://minio.example:9000&use_path_style=true&region=us-east-1
//
// Credentials of S3 come from the environment, as the tools of AWS have them.
func OpenPlace(ctx context.Context, where string) (*Place, error) {
	if strings.Contains(where, "://") {
		bucket, err := blob.OpenBucket(ctx, where)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "opening %s", where)
		}
		return In(bucket), nil
	}
	if where == "" {
		return nil, fault.New(fault.Invalid, "name the place of the backups: a directory or the address of a bucket")
	}
	bucket, err := fileblob.OpenBucket(where, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "opening the directory %s", where)
	}
	return &Place{bucket, where}, nil
}

// In returns a bucket as a Place; closing it closes the bucket.
func In(bucket *blob.Bucket) *Place { return &Place{bucket: bucket} }

// Close ends the connection.
func (p *Place) Close() error { return p.bucket.Close() }

// sync makes what was written below a name durable. A bucket does so by itself;
// a directory does not.
func (p *Place) sync(name string) error {
	if p.dir == "" {
		return nil
	}
	dir := filepath.Join(p.dir, name)
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, syncFile(filepath.Join(dir, e.Name())))
	}
	if err = errors.Join(err, durable.SyncDir(dir), durable.SyncDir(p.dir)); err != nil {
		return fault.Wrap(fault.Unavailable, err, "making the backup durable")
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
