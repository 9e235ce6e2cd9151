package accounts

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

// How long a password is at least, in characters, and at most, in bytes. OWASP
// ASVS 5.0, 6.2.1 asks for 8 and strongly recommends 15, which staff must have.
// There are no rules about its composition (NIST SP 800-63B-4, 3.1.1.2).
const (
	MinPassword      = 8
	MinStaffPassword = 15
	mostPassword     = 1024
)

// StaffGroup is the group of the customers who run the shop.
const StaffGroup = "staff"

// Staff reports whether the customer is one of those who run the shop.
func (c Customer) Staff() bool { return slices.Contains(c.Groups, StaffGroup) }

// Passwords says how passwords are hashed and which are refused. Its zero value
// means the defaults: 64 MiB, 3 passes and 1 thread of argon2id for one hash,
// and as many hashes at once as the machine runs threads.
type Passwords struct {
	// MemoryKiB, Passes and Threads are the parameters of argon2id (RFC 9106).
	// They are stored with each hash; one with others is made anew when its
	// owner logs in. OWASP's floor is 19456 KiB and 2 passes.
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
	// LimitKiB bounds the memory of all hashes that are computed at once. Who
	// waits for it longer than a second gets fault.Unavailable.
	LimitKiB int64
	// Refuse is asked about every new password, for a list of those that are
	// known from breaches. Its error is what the customer gets. It may be nil.
	Refuse func(ctx context.Context, password seal.Personal) error
}

// PasswordError says why a new password is not accepted.
type PasswordError struct {
	// Min is how many characters it needs, if it has fewer; otherwise 0.
	Min int
	// Guessable says that it is among the first that anybody would try.
	Guessable bool
}

func (e *PasswordError) Error() string {
	if e.Guessable {
		return "this password is one of the first that anybody would try: choose another"
	}
	return fmt.Sprintf("the password is too short: it needs at least %d characters", e.Min)
}

// Unwrap returns fault.Invalid.
func (e *PasswordError) Unwrap() error { return fault.Invalid }

// checkPassword finds what is wrong with a new password whoever it is for.
func checkPassword(p seal.Personal) error {
	s := p.Reveal()
	if len(s) > mostPassword || !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "the password is longer than %d bytes or not UTF-8", mostPassword)
	}
	if length(p) < MinPassword {
		return &PasswordError{Min: MinPassword}
	}
	return nil
}

// normalizePassword returns the form in which a password is the same on every
// keyboard (NFC, as NIST SP 800-63B-4 asks for).
func normalizePassword(p seal.Personal) string { return norm.NFC.String(p.Reveal()) }

// length returns how many characters a password has.
func length(p seal.Personal) int { return utf8.RuneCountInString(normalizePassword(p)) }

// checkOutgrown refuses the right password of who had it before they joined the
// staff, if staff may have no such password.
func checkOutgrown(who account, p seal.Personal) error {
	if who.staff && length(p) < MinStaffPassword {
		return &OutgrownPasswordError{Min: MinStaffPassword}
	}
	return nil
}

// judge finds what is wrong with a new password of one customer.
func (s *Service) judge(ctx context.Context, p seal.Personal, staff bool, own ...seal.Personal) error {
	if staff && length(p) < MinStaffPassword {
		return &PasswordError{Min: MinStaffPassword}
	}
	if guessable(p, own) {
		return &PasswordError{Guessable: true}
	}
	if s.passwords.refuse == nil {
		return nil
	}
	return s.passwords.refuse(ctx, p)
}

// common are passwords that head every list of leaked ones, in lower case.
//
//go:embed common.txt
var common string

// guessable reports whether a password is a common one, the owner's own name
// or e-mail address, or one character over and over.
func guessable(p seal.Personal, own []seal.Personal) bool {
	s := strings.ToLower(p.Reveal())
	first, _ := utf8.DecodeRuneInString(s)
	if strings.Trim(s, string(first)) == "" || strings.Contains(common, "\n"+s+"\n") {
		return true
	}
	for _, o := range own {
		name := strings.ToLower(strings.TrimSpace(o.Reveal()))
		local, _, _ := strings.Cut(name, "@")
		if name != "" && (s == name || s == local) {
			return true
		}
	}
	return false
}
