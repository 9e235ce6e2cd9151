package endpoints

import (
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// ID identifies an endpoint, as in whe_01KAJ3W7Q8Z5D4F6G7H8J9K0M1. It is also
// the subject under whose data key its address and secrets are sealed.
type ID string

// Endpoint is where events are sent to.
type Endpoint struct {
	ID          ID
	URL         seal.Personal // it may hold a token, so it prints as ***
	Description string
	// Kinds are the kinds of events that are sent, sorted: a whole kind such as
	// order.placed, or all that begin alike, as in order.*. Empty means all.
	Kinds    []string
	Disabled string // why nothing is sent; "" if it is
	// Position says how far the endpoint has been told: a commerce.Position.
	Position string
	// Generation counts the replays. What was sent before one no longer moves
	// Position.
	Generation int64
	// FailingSince is when the first delivery failed since the last success.
	// It is zero when nothing fails.
	FailingSince time.Time
	Version      int64 // counts the changes by people, from 1
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Wants reports whether events of a kind are sent to the endpoint.
func (e Endpoint) Wants(kind string) bool {
	return len(e.Kinds) == 0 || slices.ContainsFunc(e.Kinds, func(pattern string) bool {
		begin, open := strings.CutSuffix(pattern, "*")
		return pattern == kind || open && strings.HasPrefix(kind, begin)
	})
}

// Secret is what deliveries to an endpoint are signed with.
type Secret struct {
	Text      seal.Personal // as in whsec_…, base64 of 32 random bytes
	CreatedAt time.Time
	ExpiresAt time.Time // zero means never: the newest
}

// Outcome says what became of an attempt to deliver.
type Outcome string

// The outcomes of an attempt.
const (
	Delivered Outcome = "delivered"
	Failed    Outcome = "failed"   // it will be tried again
	GivenUp   Outcome = "given_up" // it will not, unless somebody asks
)

// Delivery is an attempt to deliver an event.
type Delivery struct {
	Message string  `cbor:"1,keyasint"` // the webhook-id: the same in every attempt
	Kind    string  `cbor:"2,keyasint"` // of the event
	Subject string  `cbor:"3,keyasint"` // what it happened to
	Outcome Outcome `cbor:"4,keyasint"`
	Attempt int64   `cbor:"5,keyasint"`           // from 1
	Status  int64   `cbor:"6,keyasint,omitempty"` // of HTTP; 0 if there was no answer
	Error   string  `cbor:"7,keyasint,omitempty"` // why it failed, without what the endpoint said
	Millis  int64   `cbor:"8,keyasint,omitempty"` // how long it took
	At      int64   `cbor:"9,keyasint"`           // when it began, in ms since 1970 UTC
}

// Time returns when the attempt began.
func (d Delivery) Time() time.Time { return time.UnixMilli(d.At).UTC() }

// Limits.
const (
	mostEndpoints  = 100
	mostURL        = 2000 // bytes
	mostText       = 500  // bytes
	mostKinds      = 100
	mostSecrets    = 3
	keptDeliveries = 500 // of each endpoint
	mostDeliveries = 200 // in one command
)

// slotOf returns the slot that all endpoints live on, or fault.Invalid.
func slotOf(endpoint ID) (id.Slot, error) {
	return id.StoreSlot, id.Check("whe", string(endpoint))
}
