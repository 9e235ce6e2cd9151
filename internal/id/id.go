// Package id makes and reads the identifiers of everything a store holds.
//
// An ID is a short type prefix, an underscore and a ULID, as in
// ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1. The first twelve bits of the ULID's random
// part are the slot that the thing lives on, so any ID routes itself and
// splitting a shard later changes no ID.
package id

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/oklog/ulid/v2"
)

// Slots is the number of slots that keys hash to. It is fixed for ever: a
// store's shards each own some of these slots.
const Slots = 4096

// Slot says where a thing lives: a number below Slots.
type Slot uint16

// StoreSlot is where data of the store as a whole lives: categories, price
// lists, promotions, tax and shipping rules, settings.
const StoreSlot Slot = 0

// New returns a fresh ID on slot. It is unique through 68 random bits and
// sorts by at. It is for proposers; apply code takes its IDs from commands.
func New(prefix string, slot Slot, at time.Time) string {
	var u ulid.ULID
	// The monotonic helper would overwrite the slot bits, hence raw entropy.
	rand.Read(u[6:])
	u[6] = byte(slot >> 4)
	u[7] = byte(slot<<4) | u[7]&0x0f
	if err := u.SetTime(ulid.Timestamp(at)); err != nil {
		u.SetTime(ulid.MaxTime())
	}
	return prefix + "_" + u.String()
}

// FromHash returns the ID that a keyed hash determines: the same hash, prefix,
// slot and time give the same ID, so that a retry names the same thing.
func FromHash(prefix string, slot Slot, at time.Time, hash [32]byte) string {
	var u ulid.ULID
	copy(u[6:], hash[:10])
	u[6] = byte(slot >> 4)
	u[7] = byte(slot<<4) | u[7]&0x0f
	if err := u.SetTime(ulid.Timestamp(at)); err != nil {
		u.SetTime(ulid.MaxTime())
	}
	return prefix + "_" + u.String()
}

// SlotOf returns the slot that an ID of any type lives on. It returns
// fault.Invalid if s is not an ID.
func SlotOf(s string) (Slot, error) {
	_, body, ok := strings.Cut(s, "_")
	if !ok {
		return 0, malformed(s, "an ID")
	}
	u, err := ulid.ParseStrict(body)
	if err != nil || body != u.String() {
		return 0, malformed(s, "an ID")
	}
	return Slot(u[6])<<4 | Slot(u[7])>>4, nil
}

// Check returns fault.Invalid unless s is a well-formed ID with this prefix.
func Check(prefix, s string) error {
	if !strings.HasPrefix(s, prefix+"_") {
		return malformed(s, "an ID that begins with "+prefix+"_")
	}
	_, err := SlotOf(s)
	return err
}

// SlotOfHash maps a keyed hash to its slot.
func SlotOfHash(h [32]byte) Slot {
	return Slot(h[30])<<8&0x0f00 | Slot(h[31])
}

func malformed(s, want string) error {
	return &MalformedError{Text: s, want: want}
}

// MalformedError says that something is not an ID.
type MalformedError struct {
	Text string // what was given, as a whole
	want string
}

func (e *MalformedError) Error() string {
	s := e.Text
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return fmt.Sprintf("%q is not %s", s, e.want)
}

// Unwrap returns fault.Invalid.
func (e *MalformedError) Unwrap() error { return fault.Invalid }
