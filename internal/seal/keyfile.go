package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/keelshop/commerce/fault"
)

// KeyFile is a [Ring] in a file, by custom DIR.keys beside the store's directory DIR and never in it. All nodes of
// a cluster have copies of the same file. Whoever loses it loses every sealed field of the store, so it needs a
// backup, apart from the store's own. Make one with [CreateKeyFile] or [OpenKeyFile]. Printing one shows no secret.
//
// The file is text: a first line with the format's version, notes that begin with #, the master key, one line per
// epoch in ascending order, keys in base64, and last the SHA-256 of all lines before. It has exactly one spelling;
// anything else is refused as damaged.
type KeyFile struct {
	path string
	mu   sync.Mutex             // held while the file is rewritten or read again
	keys atomic.Pointer[keySet] // which fmt prints as an address
}

// CreateKeyFile makes a new ring with one epoch, for a new store. The file is readable by its owner only and on disk
// when CreateKeyFile returns. If there is a file already, it is left alone: [fault.Conflict]; a caller that continues
// the interrupted creation of a store then opens it. It returns [fault.Unavailable] while another process creates
// the file, or after one died doing so; the text tells which draft to remove then.
func CreateKeyFile(path string) (*KeyFile, error) {
	keys := newKeySet()
	if err := createFile(path, keys.encode()); err != nil {
		return nil, err
	}
	return newKeyFile(path, keys), nil
}

// OpenKeyFile opens the ring of an existing store. It never creates the file, since new keys cannot stand in for
// lost ones. It returns [fault.NotFound] if there is no file, [fault.Denied] if it may not be read or its mode allows
// more than 0600, and [fault.Broken] if it is damaged or a newer version wrote it. Every error names the file.
func OpenKeyFile(path string) (*KeyFile, error) {
	keys, err := loadKeys(path)
	if err != nil {
		return nil, err
	}
	return newKeyFile(path, keys), nil
}

func newKeyFile(path string, keys *keySet) *KeyFile {
	f := &KeyFile{path: path}
	f.keys.Store(keys)
	return f
}

// AddEpoch begins a new epoch and returns it when it is on disk. From then on new keys are wrapped under it. In a
// cluster run it on one node only, since two would give one number to different keys, and copy the file to the others
// at once; they take it up when they first need it. Run it as the user who owns the file.
//
// It returns [fault.Unavailable] while another process changes the file, or after one died doing so, [fault.Conflict]
// if the path is a link, whose target would keep the old keys, and otherwise fails as [OpenKeyFile] does.
func (f *KeyFile) AddEpoch() (Epoch, error) {
	keys, err := f.change((*keySet).withNewEpoch)
	if err != nil {
		return 0, err
	}
	return keys.newest(), nil
}

// DropEpoch destroys an epoch: whatever is wrapped under it is unreadable for ever, on every node and in every
// backup, once every copy of this file is replaced and every process that had read it has ended. The newest epoch is
// refused with [fault.Refused]; dropping one that is not there does nothing. Other errors are those of AddEpoch. The
// bytes of the old file may linger on the medium until it reuses the space.
func (f *KeyFile) DropEpoch(e Epoch) error {
	_, err := f.change(func(keys *keySet) (*keySet, error) { return keys.without(e) })
	return err
}

// change rewrites the file by what it now holds, which another process may have changed.
func (f *KeyFile) change(edit func(*keySet) (*keySet, error)) (*keySet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var edited *keySet
	err := rewriteFile(f.path, func() ([]byte, error) {
		current, err := f.reread()
		if err != nil {
			return nil, err
		}
		edited, err = edit(current)
		if err != nil {
			return nil, err
		}
		return edited.encode(), nil
	})
	if err != nil {
		return nil, err
	}
	f.keys.Store(edited)
	return edited, nil
}

// reread loads the file again and refuses one that is not a later state of what is in memory. After an older copy
// was put back, the next epoch would get the number of one that has wrapped keys already.
func (f *KeyFile) reread() (*keySet, error) {
	keys, err := loadKeys(f.path)
	if err != nil {
		return nil, err
	}
	if !keys.follows(f.keys.Load()) {
		return nil, fault.New(fault.Broken, "key file %s was replaced by an older copy or by other keys", f.path)
	}
	return keys, nil
}

// key returns the key of an epoch.
func (f *KeyFile) key(e Epoch) ([]byte, error) {
	keys := f.keys.Load()
	if e > keys.newest() {
		var err error
		if keys, err = f.refresh(); err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "look for epoch %d", e)
		}
	}
	if key := keys.key(e); key != nil {
		return key, nil
	}
	return nil, &EpochError{Epoch: e, Newest: keys.newest()}
}

// refresh takes up a newer file that an operator or another process has put in place.
func (f *KeyFile) refresh() (*keySet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys, err := f.reread()
	if err != nil {
		return nil, err
	}
	f.keys.Store(keys)
	return keys, nil
}

// Epoch returns the newest epoch. It does no I/O and never fails.
func (f *KeyFile) Epoch(context.Context) (Epoch, error) { return f.keys.Load().newest(), nil }

// Wrap encrypts a secret as [Ring] says, by XChaCha20-Poly1305 with a random nonce.
func (f *KeyFile) Wrap(_ context.Context, e Epoch, secret, bound []byte) ([]byte, error) {
	key, err := f.key(e)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "wrap under epoch %d", e)
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(secret)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, secret, bound), nil
}

// Unwrap decrypts what Wrap made, as [Ring] says. It reads the file if the epoch is not in memory.
func (f *KeyFile) Unwrap(_ context.Context, e Epoch, wrapped, bound []byte) ([]byte, error) {
	key, err := f.key(e)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "unwrap under epoch %d", e)
	}
	nonce := wrapped[:min(aead.NonceSize(), len(wrapped))]
	if len(nonce) == aead.NonceSize() {
		if secret, err := aead.Open(nil, nonce, wrapped[len(nonce):], bound); err == nil {
			return secret, nil
		}
	}
	return nil, fault.New(fault.Broken,
		"a key wrapped under epoch %d does not open: it is damaged, of another subject or store, or %s is not this store's",
		e, f.path)
}

// Derive returns the label's secret as [Ring] says, by HKDF-SHA-256 of the master key. It does no I/O.
func (f *KeyFile) Derive(_ context.Context, label string) ([]byte, error) {
	info := string(bind("commerce derive 1", label))
	secret, err := hkdf.Key(sha256.New, f.keys.Load().master[:], nil, info, keySize)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "derive a secret from key file %s", f.path)
	}
	return secret, nil
}
