package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// RemoveCollection removes a collection. Its products stay.
type RemoveCollection struct {
	Collection CollectionID `cbor:"1,keyasint"`
	Version    int64        `cbor:"2,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key        string       `cbor:"-"`
}

// Kind returns "catalog.remove_collection".
func (RemoveCollection) Kind() command.Kind { return "catalog.remove_collection" }

// Validate returns fault.Invalid if Collection is not a collection's ID.
func (c RemoveCollection) Validate() error {
	if c.Version < 0 {
		return fault.Wrong("version", "version %d of a collection cannot exist", c.Version)
	}
	return id.Check("coll", string(c.Collection))
}

func (c RemoveCollection) apply(tx *command.Tx) (storedCollection, error) {
	have, found, err := readCollection(tx.Tx, c.Collection, "")
	switch {
	case err != nil:
		return storedCollection{}, err
	case !found:
		return storedCollection{}, &UnknownCollectionError{Collection: c.Collection}
	case c.Version != 0 && c.Version != have.Version:
		return storedCollection{}, &CollectionVersionError{Collection: have.ID, Have: have.Version, Want: c.Version}
	}
	if _, err := tx.Exec(`DELETE FROM collections WHERE id = ?`, c.Collection); err != nil {
		return storedCollection{}, err
	}
	if len(have.Rules) > 0 {
		if err := rulesChanged(tx); err != nil {
			return storedCollection{}, err
		}
	}
	have.Version++
	return storedCollection{ID: have.ID, Version: have.Version}, have.announce(tx, "collection.removed", nil)
}

// RemoveCollection removes a collection. The errors are *UnknownCollectionError
// and *CollectionVersionError.
func (s *Service) RemoveCollection(ctx context.Context, c RemoveCollection) error {
	if _, err := command.Do[storedCollection](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("removing collection %s: %w", c.Collection, err)
	}
	return nil
}

// UnknownCollectionError says that a collection does not exist.
type UnknownCollectionError struct{ Collection CollectionID }

func (e *UnknownCollectionError) Error() string {
	return fmt.Sprintf("there is no collection %s", e.Collection)
}

// Unwrap returns fault.NotFound.
func (e *UnknownCollectionError) Unwrap() error { return fault.NotFound }

// CollectionHandleError says that a handle belongs to another collection.
type CollectionHandleError struct {
	Handle     string
	Collection CollectionID // the collection that has it
}

func (e *CollectionHandleError) Error() string {
	return fmt.Sprintf("%q already names collection %s: choose another handle, or put that collection by its ID", e.Handle, e.Collection)
}

// Unwrap returns fault.Conflict.
func (e *CollectionHandleError) Unwrap() error { return fault.Conflict }

// CollectionVersionError says that a collection was changed since it was read.
type CollectionVersionError struct {
	Collection CollectionID
	Have, Want int64 // its version, and the one that the command was made for
}

func (e *CollectionVersionError) Error() string {
	return command.Unmet("collection "+string(e.Collection), e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *CollectionVersionError) Unwrap() error { return fault.Conflict }
