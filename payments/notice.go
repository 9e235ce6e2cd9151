package payments

import (
	"context"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// Listener is a Provider that tells the store by webhook when something has
// changed.
type Listener interface {
	Provider
	// Parse reads a webhook's request. It returns fault.Denied unless the
	// request is signed by the provider, and fault.Invalid if it cannot be
	// read. A notice that is about nothing of the store's has no Attempt.
	Parse(ctx context.Context, r WebhookRequest) (Notice, error)
}

// WebhookRequest is what a webhook's request consists of, as it came.
type WebhookRequest struct {
	Header map[string][]string // by canonical names, as in net/http
	Body   []byte
}

// Notice says that something about a payment has changed. It does not say
// what: notices may come twice, late and in any order, so the provider is asked
// how things stand.
type Notice struct {
	Event   string // the provider's name for it; the same when it comes again
	Kind    string // the provider's word, for people
	Attempt ID     // "" if it is not about a payment of the store's
}

// maxEvent bounds what a provider may call an event.
const maxEvent = 255

// Parse reads a webhook's request with the provider of a name. It returns an
// *UnknownProviderError, also if the provider has no webhooks, or what
// Listener.Parse does.
func (s *Service) Parse(ctx context.Context, provider string, r WebhookRequest) (Notice, error) {
	l, ok := s.listeners[provider]
	if !ok {
		return Notice{}, &UnknownProviderError{Provider: provider}
	}
	ctx, cancel := context.WithTimeout(ctx, maxAnswer) // it may have to ask whose payment it is
	defer cancel()
	n, err := l.Parse(ctx, r)
	switch {
	case err != nil:
		return Notice{}, err
	case n.Event == "" || len(n.Event) > maxEvent || len(n.Kind) > maxEvent:
		return Notice{}, fault.New(fault.Invalid, "the webhook of %s has no event ID, or a very long one", provider)
	}
	return n, nil
}

// keepNotices is how long a notice is remembered after it was dealt with.
// Providers stop repeating one after some days.
const keepNotices = 30 * 24 * time.Hour

// NoteTx writes a notice down, in the caller's transaction, and reports whether
// it is new. Operations that wait for the provider may be looked up at once.
func NoteTx(tx *command.Tx, a Attempt, n Notice) (fresh bool, err error) {
	_, err = tx.Exec(`DELETE FROM notices WHERE (provider, event) IN
		(SELECT provider, event FROM notices WHERE done = 1 AND received_at < ? ORDER BY received_at LIMIT 8)`, tx.At-keepNotices.Milliseconds())
	if err != nil {
		return false, err
	}
	made, err := tx.Exec(`INSERT OR IGNORE INTO notices (provider, event, slot, attempt, order_id, kind, received_at, done)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0)`, a.Provider, n.Event, tx.Slot, a.ID, a.Order, n.Kind, tx.At)
	if err != nil || made == 0 {
		return false, err
	}
	_, err = tx.Exec(`UPDATE operations SET retry_at = 0 WHERE attempt = ? AND state = 'pending'`, a.ID)
	return true, err
}

// Noted is a notice that nobody has dealt with yet.
type Noted struct {
	Provider string `cbor:"1,keyasint"`
	Event    string `cbor:"2,keyasint"`
	Attempt  ID     `cbor:"-"` // that it is about
}

// Unheard returns the notices about an order that nobody has dealt with, the
// oldest of them, up to 100.
func (s *Service) Unheard(ctx context.Context, o orders.ID) ([]Noted, error) {
	slot, err := slotOf("ord", string(o))
	if err != nil {
		return nil, err
	}
	var out []Noted
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT provider, event, attempt FROM notices WHERE order_id = ? AND done = 0 ORDER BY received_at, provider, event LIMIT 100`, o)
		for rows.Next() {
			out = append(out, Noted{Provider: rows.Text(0), Event: rows.Text(1), Attempt: ID(rows.Text(2))})
		}
		return rows.Close()
	})
	return out, err
}

// HeardTx marks notices as dealt with, in the caller's transaction, and reports
// whether others about the order are left.
func HeardTx(tx *command.Tx, o orders.ID, notices []Noted) (left bool, err error) {
	for _, n := range notices {
		if _, err := tx.Exec(`UPDATE notices SET done = 1 WHERE provider = ? AND event = ? AND order_id = ?`, n.Provider, n.Event, o); err != nil {
			return false, err
		}
	}
	_, left, err = tx.Int64(`SELECT 1 FROM notices WHERE order_id = ? AND done = 0 LIMIT 1`, o)
	return left, err
}
