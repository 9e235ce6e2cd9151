package accounts

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/keelshop/commerce/fault"
)

// cost is what argon2id is told to spend on one hash.
type cost struct {
	kib     uint32
	passes  uint32
	threads uint8
}

// hash is an argon2id hash with all that is needed to check a password against
// it. Its text is the PHC string format:
//
//	$argon2id$v=19$m=65536,t=3,p=1$<salt>$<sum>
type hash struct {
	cost
	salt, sum []byte
}

const (
	saltSize = 16
	sumSize  = 32
)

// newHash hashes a password with fresh salt. It is slow by design.
func newHash(c cost, password string) hash {
	h := hash{cost: c, salt: make([]byte, saltSize)}
	rand.Read(h.salt)
	h.sum = h.compute(password, sumSize)
	return h
}

// nobody is the hash that no password has, for an account that has none: to
// check against it takes as long as against another.
func nobody(c cost) hash { return hash{cost: c, salt: make([]byte, saltSize)} }

func (h hash) compute(password string, size int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.kib, h.threads, uint32(size))
}

// matches reports whether the hash is that of a password.
func (h hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.compute(password, max(len(h.sum), sumSize)), h.sum) == 1
}

// String returns the hash in PHC string format.
func (h hash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.kib, h.passes, h.threads, b64(h.salt), b64(h.sum))
}

// parseHash reads what String writes, within bounds that a machine can bear.
func parseHash(text string) (hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return hash{}, badHash("it is not of argon2id, version 19")
	}
	var h hash
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.kib, &h.passes, &h.threads)
	if err != nil || n != 3 || h.kib > 4<<20 || h.passes < 1 || h.passes > 100 || h.threads < 1 || h.kib < 8*uint32(h.threads) {
		return hash{}, badHash("its parameters are out of range")
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return hash{}, badHash("its salt or its sum is damaged")
	}
	if h.salt, h.sum = salt, sum; h.String() != text {
		return hash{}, badHash("it is not in canonical form")
	}
	return h, nil
}

func badHash(why string) error {
	return fault.New(fault.Broken, "a stored password hash cannot be read: %s", why)
}
