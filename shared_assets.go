package commerce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// sharedAssets is a directory of files on each node of a cluster. Files never
// change under their name, so whichever node has one can give it to the others.
type sharedAssets struct {
	*assets.DirStore
	store *Store
}

// Put stores a file here and has the other nodes fetch it. Those that cannot
// within some seconds will when they are first asked for it.
func (a sharedAssets) Put(ctx context.Context, r io.Reader) (assets.ID, error) {
	id, err := a.DirStore.Put(ctx, r)
	if err != nil || !a.store.engine.clustered.Load() {
		return id, err
	}
	ctx, cancel := context.WithTimeout(ctx, shareLimit)
	defer cancel()
	var all sync.WaitGroup
	for _, node := range a.store.cluster.others() {
		all.Go(func() {
			_, _ = a.store.engine.ask(ctx, node, call{Op: callKeep, Name: string(id), Node: a.store.engine.self})
		})
	}
	all.Wait()
	return id, nil
}

const shareLimit = 5 * time.Second

// Open opens a file, after fetching it from another node if it is not here.
func (a sharedAssets) Open(ctx context.Context, id assets.ID) (assets.File, error) {
	f, err := a.DirStore.Open(ctx, id)
	if !errors.Is(err, fault.NotFound) || !a.store.engine.clustered.Load() {
		return f, err
	}
	var doubts []error
	for _, node := range a.store.cluster.others() {
		got := a.store.keepAsset(ctx, id, node)
		if got == nil {
			return a.DirStore.Open(ctx, id)
		}
		if !errors.Is(got, fault.NotFound) {
			doubts = append(doubts, got)
		}
	}
	if len(doubts) > 0 { // one that could not be asked may have it
		return nil, fault.Wrap(fault.Unavailable, errors.Join(doubts...), "asset %s is not on this node", id)
	}
	return nil, err
}

// Remove deletes a file on all nodes. The error is fault.Unavailable when one
// could not be reached: it may give the file to the others again.
func (a sharedAssets) Remove(ctx context.Context, id assets.ID) error {
	err := a.DirStore.Remove(ctx, id)
	if !a.store.engine.clustered.Load() {
		return err
	}
	for _, node := range a.store.cluster.others() {
		_, failed := a.store.engine.ask(ctx, node, call{Op: callUnasset, Name: string(id)})
		err = errors.Join(err, failed)
	}
	return err
}

// keepAsset fetches a file from another node, unless it is here, and makes sure
// that it is what was asked for.
func (s *Store) keepAsset(ctx context.Context, id assets.ID, node string) error {
	if err := id.Check(); err != nil || s.files == nil {
		return err
	}
	if f, err := s.files.Open(ctx, id); err == nil {
		return f.Close()
	}
	first, err := s.engine.ask(ctx, node, call{Op: callAsset, Name: string(id)})
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		_, err := w.Write(first.Body)
		if err == nil && len(first.Body) == partBytes {
			ask := asker(func(ctx context.Context, c call) (answered, error) { return s.engine.ask(ctx, node, c) })
			err = ask.fetch(ctx, call{Op: callAsset, Name: string(id), Offset: partBytes}, w)
		}
		w.CloseWithError(err)
	}()
	defer r.Close()
	got, err := s.files.Put(ctx, r)
	if err != nil {
		return fmt.Errorf("fetching asset %s from node %s: %w", id, node, err)
	}
	if got != id {
		return fault.New(fault.Broken, "node %s gave the asset %s for %s: its file is damaged", node, got, id)
	}
	return nil
}

// assetPart is callAsset. It does not ask others, who may be asking.
func (s *Store) assetPart(ctx context.Context, id assets.ID, offset int64) (answered, error) {
	if s.files == nil {
		return answered{}, &assets.NotFoundError{ID: id}
	}
	return partOfAsset(ctx, s.files, id, offset)
}

func partOfAsset(ctx context.Context, files assets.Store, id assets.ID, offset int64) (answered, error) {
	f, err := files.Open(ctx, id)
	if err != nil {
		return answered{}, err
	}
	defer f.Close()
	return partOf(f, offset)
}

// others returns the other nodes of the cluster.
func (c *Cluster) others() []string {
	var list []string
	for _, m := range c.store.engine.lanes[0].group.Members() {
		if m.Node != c.store.engine.self {
			list = append(list, m.Node)
		}
	}
	return list
}
