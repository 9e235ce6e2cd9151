package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"
	"github.com/keelshop/commerce/fault"
	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// write stores what fill writes as a part of a backup.
func (c *creation) write(ctx context.Context, name string, fill func(io.Writer) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close of the object, it leaves nothing behind
	out, err := c.place.bucket.NewWriter(ctx, c.name+"/"+name+partSuffix, &blob.WriterOptions{
		ContentType: "application/octet-stream", DisableContentTypeDetection: true,
	})
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "writing %s", name)
	}
	sum := sha256.New()
	object, plain := &counter{w: io.MultiWriter(out, sum)}, &counter{}
	if err := c.pack(object, plain, fill); err != nil {
		cancel()
		_ = out.Close() // it was given up
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := out.Close(); err != nil {
		return fault.Wrap(fault.Unavailable, err, "writing %s", name)
	}
	c.parts = append(c.parts, Part{Name: name + partSuffix, Plain: plain.n, Bytes: object.n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// pack compresses and then encrypts.
func (c *creation) pack(object, plain *counter, fill func(io.Writer) error) error {
	locked, err := age.Encrypt(object, c.Recipients...)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "encrypting")
	}
	tight, err := zstd.NewWriter(locked, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	plain.w = tight
	if err := fill(plain); err != nil {
		return err
	}
	if err := errors.Join(tight.Close(), locked.Close()); err != nil {
		return fault.Wrap(fault.Unavailable, err, "storing it")
	}
	return nil
}

// read gives a part of a backup, decrypted and unpacked, to take, and makes
// sure that all of it was as it was stored.
func (r *restoration) read(ctx context.Context, part Part, take func(io.Reader) error) error {
	damaged := func(format string, args ...any) error {
		return &DamagedError{Backup: r.manifest.Name, Part: part.Name, Detail: fmt.Sprintf(format, args...)}
	}
	in, err := r.place.bucket.NewReader(ctx, r.manifest.Name+"/"+part.Name, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return damaged("is missing")
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "reading %s", part.Name)
	}
	defer in.Close()
	if in.Size() != part.Bytes {
		return damaged("has %d bytes and should have %d", in.Size(), part.Bytes)
	}
	object := &source{r: in, sum: sha256.New()}
	plain := &counter{}
	failed := r.unpack(object, plain, take)
	if object.err == nil {
		_, _ = io.Copy(io.Discard, object)
	}
	var wrongKey *age.NoIdentityMatchError
	switch {
	case object.err != nil:
		return fault.Wrap(fault.Unavailable, object.err, "reading %s", part.Name)
	case hex.EncodeToString(object.sum.Sum(nil)) != part.SHA256:
		return damaged("does not match its checksum")
	case errors.As(failed, &wrongKey):
		return fault.New(fault.Denied, "the key does not open backup %s: it was encrypted for another", r.manifest.Name)
	case failed != nil:
		return fmt.Errorf("unpacking %s: %w", part.Name, failed)
	case plain.n != part.Plain:
		return damaged("holds %d bytes and should hold %d", plain.n, part.Plain)
	}
	return nil
}

func (r *restoration) unpack(object io.Reader, plain *counter, take func(io.Reader) error) error {
	open, err := age.Decrypt(object, r.Identities...)
	if err != nil {
		return err
	}
	wide, err := zstd.NewReader(open, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return err
	}
	defer wide.Close()
	tee := io.TeeReader(wide, plain)
	if err := take(tee); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, tee)
	return err
}

// counter counts what is written through it.
type counter struct {
	w io.Writer // nil for none
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	if c.w == nil {
		return len(p), nil
	}
	return c.w.Write(p)
}

// source takes the checksum of what is read, and keeps the error of reading,
// to tell a broken line from broken content.
type source struct {
	r   io.Reader
	sum hash.Hash
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum.Write(p[:n])
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
