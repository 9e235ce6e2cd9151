package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// keySet is the content of a key file. It does not change once made.
type keySet struct {
	master [keySize]byte
	epochs []epochKey // ascending, at least one
}

type epochKey struct {
	epoch Epoch
	key   [keySize]byte
}

func newKeySet() *keySet {
	var keys keySet
	rand.Read(keys.master[:])
	keys.epochs = []epochKey{newEpochKey(1)}
	return &keys
}

// newEpochKey draws the key rather than deriving it from the master key: a derived one could not be destroyed.
func newEpochKey(e Epoch) epochKey {
	k := epochKey{epoch: e}
	rand.Read(k.key[:])
	return k
}

func (s *keySet) newest() Epoch { return s.epochs[len(s.epochs)-1].epoch }

// key returns nil if there is no such epoch.
func (s *keySet) key(e Epoch) []byte {
	for i := range s.epochs {
		if s.epochs[i].epoch == e {
			return s.epochs[i].key[:]
		}
	}
	return nil
}

// follows reports whether s can have come from old by adding and dropping epochs.
func (s *keySet) follows(old *keySet) bool {
	if s.master != old.master || s.newest() < old.newest() {
		return false
	}
	for _, k := range s.epochs {
		if k.epoch <= old.newest() && !bytes.Equal(old.key(k.epoch), k.key[:]) {
			return false // other keys, or one that was dropped since
		}
	}
	return true
}

func (s *keySet) withNewEpoch() (*keySet, error) {
	if s.newest() == math.MaxUint32 || len(s.epochs) == maxEpochs {
		return nil, fault.New(fault.Refused, "the key ring has no room for another epoch: drop old ones first")
	}
	return &keySet{s.master, append(slices.Clone(s.epochs), newEpochKey(s.newest()+1))}, nil
}

func (s *keySet) without(e Epoch) (*keySet, error) {
	if e == s.newest() {
		return nil, fault.New(fault.Refused, "epoch %d is the newest and in use: add another before dropping it", e)
	}
	kept := slices.DeleteFunc(slices.Clone(s.epochs), func(k epochKey) bool { return k.epoch == e })
	return &keySet{s.master, kept}, nil
}

const (
	keyFileMagic   = "commerce keys "
	keyFileVersion = 1
	// The notes are part of the format: another wording is another version.
	keyFileNotes = `# Whoever can read this file can read every sealed field of its store; whoever loses it, loses them.
# Keep a copy apart from the store and its backups. Do not edit: the last line is a checksum of the others.
`
	maxEpochs      = 10_000
	maxKeyFileSize = 1 << 20 // bytes; holds maxEpochs
)

func (s *keySet) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n%s", keyFileMagic, keyFileVersion, keyFileNotes)
	fmt.Fprintf(&b, "master %s\n", base64.StdEncoding.EncodeToString(s.master[:]))
	for _, k := range s.epochs {
		fmt.Fprintf(&b, "epoch %d %s\n", k.epoch, base64.StdEncoding.EncodeToString(k.key[:]))
	}
	fmt.Fprintf(&b, "sha256 %x\n", sha256.Sum256(b.Bytes()))
	return b.Bytes()
}

// decodeKeys accepts exactly what encode writes. No error contains text of the file, which may be a key.
func decodeKeys(data []byte) (*keySet, error) {
	first, rest, _ := strings.Cut(string(data), "\n")
	if err := checkVersion(first); err != nil {
		return nil, err
	}
	var keys keySet
	for line := range strings.Lines(rest) {
		if err := keys.decodeLine(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, err
		}
	}
	// Encoding again checks the checksum and all else that a tolerant parser lets pass.
	if len(keys.epochs) == 0 || !bytes.Equal(keys.encode(), data) {
		return nil, damaged("it was cut short or edited")
	}
	return &keys, nil
}

func checkVersion(line string) error {
	digits, found := strings.CutPrefix(line, keyFileMagic)
	version, err := strconv.ParseUint(digits, 10, 32)
	if !found || err != nil {
		return damaged("it does not begin as a key file does")
	}
	if version > keyFileVersion {
		return fault.New(fault.Broken, "it has format %d and this version knows up to %d: upgrade, or find the right file",
			version, keyFileVersion)
	}
	return nil
}

func (s *keySet) decodeLine(line string) error {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "#", "sha256":
		return nil // compared as a whole
	case "master":
		return decodeKey(&s.master, rest)
	case "epoch":
		number, key, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || n == 0 {
			return damaged("an epoch has no number")
		}
		if len(s.epochs) > 0 && Epoch(n) <= s.newest() {
			return damaged("its epochs are out of order")
		}
		k := epochKey{epoch: Epoch(n)}
		s.epochs = append(s.epochs, k)
		return decodeKey(&s.epochs[len(s.epochs)-1].key, key)
	}
	return damaged("it has a line of an unknown kind")
}

func decodeKey(key *[keySize]byte, text string) error {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != keySize {
		return damaged("a key in it is not 32 bytes in base64")
	}
	copy(key[:], b)
	return nil
}

func damaged(how string) error {
	return fault.New(fault.Broken, "it is damaged (%s): restore it from a backup", how)
}
