package commerce

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// exports are copies of the store that somebody fetches part by part. One that
// is not asked for any more goes away by itself.
type exports struct {
	mu   sync.Mutex
	open map[string]*export
}

type export struct {
	dir   string
	copy  Copy
	timer *time.Timer
}

const (
	exportPrefix = "export-"
	exportIdle   = 5 * time.Minute
	partBytes    = 4 << 20
)

// exported is what callCopy answers.
type exported struct {
	Token string `json:"token"`
	Copy  Copy   `json:"copy"`
}

// serveFiles answers calls about files.
func (s *Store) serveFiles(ctx context.Context, c call) (answered, error) {
	switch c.Op {
	case callCopy:
		return s.export(ctx)
	case callShard:
		return s.exportShard(s.engine.lanes[c.Shard])
	case callPart:
		return s.exports.part(c.Name, c.Offset)
	case callCopied:
		return answered{}, s.exports.end(c.Name)
	case callAsset:
		return s.assetPart(ctx, assets.ID(c.Name), c.Offset)
	case callAnyAsset:
		return partOfAsset(ctx, s.Assets, assets.ID(c.Name), c.Offset)
	case callKeep:
		return answered{}, s.keepAsset(ctx, assets.ID(c.Name), c.Node)
	case callUnasset:
		if s.files == nil {
			return answered{}, nil
		}
		return answered{}, s.files.Remove(ctx, assets.ID(c.Name))
	}
	return answered{}, fault.New(fault.Invalid, "there is no call of kind %d", c.Op)
}

// export is callCopy.
func (s *Store) export(ctx context.Context) (answered, error) {
	return s.exportTo(func(dir string) (Copy, error) { return s.Copy(ctx, dir) })
}

// exportTo has a copy made in a new directory and keeps it to be fetched.
func (s *Store) exportTo(write func(dir string) (Copy, error)) (answered, error) {
	token := rand.Text()
	dir := filepath.Join(s.dir, exportPrefix+token)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return answered{}, fault.Wrap(fault.Unavailable, err, "making room for a copy")
	}
	c, err := write(dir)
	if err != nil {
		return answered{}, errors.Join(err, os.RemoveAll(dir))
	}
	s.exports.add(token, dir, c)
	body, err := json.Marshal(exported{Token: token, Copy: c})
	return answered{Body: body}, err
}

func (x *exports) add(token, dir string, c Copy) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.open == nil {
		x.open = map[string]*export{}
	}
	x.open[token] = &export{dir: dir, copy: c, timer: time.AfterFunc(exportIdle, func() { _ = x.end(token) })}
}

// part is callPart: at most partBytes of the file TOKEN/NAME.
func (x *exports) part(name string, offset int64) (answered, error) {
	token, name, _ := strings.Cut(name, "/")
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.open[token]
	if e == nil {
		return answered{}, fault.New(fault.NotFound, "the copy is gone: it was not asked for during %v", exportIdle)
	}
	e.timer.Reset(exportIdle)
	for _, f := range e.copy.Files {
		if f.Name == name {
			return readPart(filepath.Join(e.dir, name), offset)
		}
	}
	return answered{}, fault.New(fault.NotFound, "the copy has no file %q", name)
}

func readPart(path string, offset int64) (answered, error) {
	f, err := os.Open(path)
	if err != nil {
		return answered{}, fault.Wrap(fault.Unavailable, err, "reading a copy")
	}
	defer f.Close()
	return partOf(f, offset)
}

// partOf reads a part at an offset. The end is where it is shorter than
// partBytes.
func partOf(f io.ReadSeeker, offset int64) (answered, error) {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return answered{}, fault.Wrap(fault.Invalid, err, "reading from offset %d", offset)
	}
	part, err := io.ReadAll(io.LimitReader(f, partBytes))
	if err != nil {
		return answered{}, fault.Wrap(fault.Unavailable, err, "reading a part of a file")
	}
	return answered{Body: part}, nil
}

// end is callCopied.
func (x *exports) end(token string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.open[token]
	if e == nil {
		return nil
	}
	delete(x.open, token)
	e.timer.Stop()
	return os.RemoveAll(e.dir)
}

func (x *exports) close() error {
	x.mu.Lock()
	var tokens []string
	for token := range x.open {
		tokens = append(tokens, token)
	}
	x.mu.Unlock()
	var err error
	for _, token := range tokens {
		err = errors.Join(err, x.end(token))
	}
	return err
}

// removeExports removes what a crash has left of copies.
func removeExports(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, exportPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err != nil {
		return fault.Wrap(fault.Broken, err, "removing what is left of copies")
	}
	return nil
}

// asker makes a call to a node.
type asker func(ctx context.Context, c call) (answered, error)

// fetch reads a file part by part: c names it.
func (ask asker) fetch(ctx context.Context, c call, to io.Writer) error {
	for {
		got, err := ask.patiently(ctx, c)
		if err != nil {
			return err
		}
		if _, err := to.Write(got.Body); err != nil {
			return err
		}
		if c.Offset += int64(len(got.Body)); len(got.Body) < partBytes {
			return nil
		}
	}
}

// mostFull is how often a node that has no room for a part is asked again.
const mostFull = 30

// patiently asks again when a node had no room for the answer.
func (ask asker) patiently(ctx context.Context, c call) (got answered, err error) {
	for range mostFull {
		got, err = ask(ctx, c)
		full, ok := errors.AsType[*peer.FullError](err)
		if !ok || !pause(ctx, full.Wait) {
			break
		}
	}
	return got, err
}

// copyFrom has a node make a copy, and fetches it into an empty directory.
func (ask asker) copyFrom(ctx context.Context, c call, dir string) (Copy, error) {
	got, err := ask(ctx, c)
	if err != nil {
		return Copy{}, err
	}
	var x exported
	if err := json.Unmarshal(got.Body, &x); err != nil {
		return Copy{}, fault.Wrap(fault.Unavailable, err, "reading what the copy holds")
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		_, _ = ask(ctx, call{Op: callCopied, Name: x.Token}) // it goes away by itself, too
	}()
	for _, f := range x.Copy.Files {
		if err := ask.fetchFile(ctx, x.Token, f, dir); err != nil {
			return Copy{}, errors.Join(fmt.Errorf("fetching %s: %w", f.Name, err), x.Copy.remove(dir))
		}
	}
	return x.Copy, nil
}

func (ask asker) fetchFile(ctx context.Context, token string, f CopyFile, dir string) (err error) {
	out, err := os.OpenFile(filepath.Join(dir, filepath.Base(f.Name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "making a copy")
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := ask.fetch(ctx, call{Op: callPart, Name: token + "/" + f.Name}, out); err != nil {
		return err
	}
	return out.Sync()
}
