package accounts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// reference is a vector of the test suite of argon2's reference implementation.
const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestHashIsThatOfTheReference(t *testing.T) {
	text, matches, err := accounts.CheckHash(reference, "password")
	if err != nil || !matches || text != reference {
		t.Errorf("got %s, %t, %v", text, matches, err)
	}
	if _, matches, _ := accounts.CheckHash(reference, "Password"); matches {
		t.Error("another password matches")
	}
}

func TestDamagedHashes(t *testing.T) {
	for _, text := range []string{
		"", "$", reference + "$", strings.Replace(reference, "argon2id", "argon2i", 1), strings.Replace(reference, "v=19", "v=16", 1),
		strings.Replace(reference, "m=65536", "m=7", 1), strings.Replace(reference, "m=65536", "m=065536", 1),
		strings.Replace(reference, "m=65536", "m=4294967295", 1), strings.Replace(reference, "t=2", "t=0", 1),
		strings.Replace(reference, "t=2", "t=101", 1), strings.Replace(reference, "p=1", "p=256", 1), strings.Replace(reference, "p=1", "p=0", 1),
		strings.Replace(reference, "c29tZXNhbHQ", "c29t", 1), reference + "=", reference[:len(reference)-30], strings.Replace(reference, "p=1", "p=1 ", 1),
	} {
		if _, err := accounts.ParseHash(text); !errors.Is(err, fault.Broken) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(reference)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := accounts.ParseHash(text)
		if err == nil && got != text {
			t.Errorf("%q is read as %q", text, got)
		}
		if err != nil && !errors.Is(err, fault.Broken) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestPasswordsAreChecked(t *testing.T) {
	for _, p := range []accounts.Passwords{
		{MemoryKiB: 7}, {MemoryKiB: 5 << 20}, {Passes: 101}, {MemoryKiB: 8, Threads: 2}, {LimitKiB: -1}, {MemoryKiB: 64, LimitKiB: 63}, {LimitKiB: 64},
	} {
		if err := p.Validate(); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: got %v", p, err)
		}
	}
	for _, p := range []accounts.Passwords{{}, {MemoryKiB: 8}, {MemoryKiB: 19456, Passes: 2}, {MemoryKiB: 64, LimitKiB: 64}} {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	}
}
