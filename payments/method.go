package payments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// MethodPrefix begins the ID of every saved means of payment. Such an ID is a
// token: a payment of its customer can be made with it.
const MethodPrefix = "pmt"

// MethodID identifies a saved means of payment.
type MethodID string

// Method is a means of payment that a customer keeps for later. The provider
// has it; the store knows its names.
type Method struct {
	ID       MethodID
	Customer accounts.CustomerID
	Provider string
	Default  bool
	// What people know a card by; "" and 0 for other means of payment.
	Brand, Last4              string
	ExpiresMonth, ExpiresYear int
	CreatedAt                 time.Time

	secret *secrets // behind a pointer, so that nobody prints it by chance
	state  string
	sealed seal.Sealed
}

// The states of a method's row.
const (
	methodSaving   = "saving"
	methodKept     = "kept"
	methodRemoving = "removing"
)

// TimerMethod is the kind of the durable timers that finish the saving and the
// removing of a means of payment. Its subject is the method.
const TimerMethod = "payments.method"

const (
	maxMethods   = 50
	methodField  = "payment_method"
	methodMillis = 60_000 // by the shard's clock, longer than a provider may take
)

var (
	errNoName   = errors.New("it gave the method no name")
	errLongName = errors.New("its names are too long")
)

// NoMethodError says that a customer has no such means of payment, or no more.
type NoMethodError struct{ Method MethodID }

func (e *NoMethodError) Error() string {
	return fmt.Sprintf("there is no saved means of payment %s", e.Method)
}

// Unwrap returns fault.NotFound.
func (e *NoMethodError) Unwrap() error { return fault.NotFound }

// MethodDeclinedError says that a provider does not keep a means of payment.
type MethodDeclinedError struct {
	Provider string
	Code     DeclineCode
}

func (e *MethodDeclinedError) Error() string {
	return fmt.Sprintf("%s does not keep this means of payment: %s", e.Provider, e.Code)
}

// Unwrap returns fault.Refused.
func (e *MethodDeclinedError) Unwrap() error { return fault.Refused }

// isMethod reports whether a token names a saved means of payment.
func isMethod(token string) bool { return strings.HasPrefix(token, MethodPrefix+"_") }

// secrets is what is sealed of a method.
type secrets struct {
	Token string `json:",omitempty"`
	Saved Saved
}

func (s *Service) sealMethod(key seal.DataKey, customer accounts.CustomerID, what secrets) (seal.Sealed, error) {
	plain, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	return s.sealer.Seal(key, string(customer), methodField, plain)
}

// methodKey returns the data key of a customer.
func (s *Service) methodKey(ctx context.Context, slot id.Slot, customer accounts.CustomerID) (seal.DataKey, seal.WrappedKey, error) {
	if s.sealer == nil {
		return seal.DataKey{}, nil, fault.New(fault.Refused, "this store has no keys to seal means of payment with")
	}
	key, wrapped, _, err := subject.Key(ctx, s.engine, s.sealer, slot, string(customer))
	if _, erased := errors.AsType[*subject.ErasedError](err); erased {
		err = &accounts.ErasedError{Customer: customer}
	}
	return key, wrapped, err
}

// open reads what is sealed of a method.
func (s *Service) open(ctx context.Context, slot id.Slot, m *Method) error {
	key, _, err := s.methodKey(ctx, slot, m.Customer)
	if err != nil {
		return err
	}
	plain, err := s.sealer.Open(key, string(m.Customer), methodField, m.sealed)
	if err != nil {
		return fmt.Errorf("reading the means of payment %s: %w", m.ID, err)
	}
	var what secrets
	if err := json.Unmarshal(plain, &what); err != nil {
		return fault.Wrap(fault.Broken, err, "reading the means of payment %s", m.ID)
	}
	m.secret = &what
	m.Brand, m.Last4, m.ExpiresMonth, m.ExpiresYear = what.Saved.Brand, what.Saved.Last4, what.Saved.ExpiresMonth, what.Saved.ExpiresYear
	return nil
}

const methodColumns = `id, customer, provider, state, preferred, sealed, created_at`

// methodTx returns a method that is still sealed, or a *NoMethodError.
func methodTx(tx *sqlite.Tx, m MethodID) (Method, error) {
	rows := tx.Query(`SELECT `+methodColumns+` FROM payment_methods WHERE id = ?`, m)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Method{}, err
		}
		return Method{}, &NoMethodError{Method: m}
	}
	out := scanMethod(rows)
	return out, rows.Close()
}

func scanMethod(r *sqlite.Rows) Method {
	return Method{
		ID: MethodID(r.Text(0)), Customer: accounts.CustomerID(r.Text(1)), Provider: r.Text(2), state: r.Text(3),
		Default: r.Bool(4), sealed: r.Blob(5), CreatedAt: instant(r.Int64(6)),
	}
}

// Methods returns the means of payment that a customer keeps, the oldest first.
// Of a customer who was erased there are none.
func (s *Service) Methods(ctx context.Context, customer accounts.CustomerID) ([]Method, error) {
	slot, err := customer.Slot()
	if err != nil {
		return nil, err
	}
	var all []Method
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT `+methodColumns+` FROM payment_methods WHERE customer = ? AND state = ? ORDER BY created_at, id`, customer, methodKept)
		for rows.Next() {
			all = append(all, scanMethod(rows))
		}
		return rows.Close()
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := s.open(ctx, slot, &all[i]); err != nil {
			if _, erased := errors.AsType[*accounts.ErasedError](err); erased {
				return nil, nil
			}
			return nil, err
		}
	}
	return all, nil
}

// method reads a method and opens it.
func (s *Service) method(ctx context.Context, of MethodID) (slot id.Slot, m Method, err error) {
	if slot, err = slotOf(MethodPrefix, string(of)); err != nil {
		return slot, m, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		m, err = methodTx(tx, of)
		return err
	})
	if err == nil {
		err = s.open(ctx, slot, &m)
	}
	return slot, m, err
}

// MayUse refuses a token that names a saved means of payment of somebody else,
// of another provider, or none: it is a *NoMethodError. Other tokens it lets
// pass. It is for callers who have not begun anything yet.
func (s *Service) MayUse(ctx context.Context, provider, token string, customer accounts.CustomerID) error {
	if !isMethod(token) {
		return nil
	}
	_, m, err := s.method(ctx, MethodID(token))
	if err != nil {
		return err
	}
	if m.Customer != customer || m.Provider != provider || m.state != methodKept {
		return &NoMethodError{Method: MethodID(token)}
	}
	return nil
}

// unlock puts the provider's names into a request that is made with a saved
// means of payment.
func (s *Service) unlock(ctx context.Context, r *PayRequest) error {
	if !isMethod(r.Token) {
		return nil
	}
	_, m, err := s.method(ctx, MethodID(r.Token))
	if err == nil && m.state != methodKept {
		err = &NoMethodError{Method: m.ID}
	}
	if err != nil {
		return err
	}
	r.Token, r.Customer = m.secret.Saved.Method, m.secret.Saved.Customer
	return nil
}

// PreferMethod makes a means of payment the one that a customer is asked first
// whether to pay with.
type PreferMethod struct {
	Customer accounts.CustomerID `cbor:"1,keyasint"`
	Method   MethodID            `cbor:"2,keyasint"`
	Key      string              `cbor:"-"`
}

// Kind returns "payments.prefer_method".
func (PreferMethod) Kind() command.Kind { return "payments.prefer_method" }

// Validate checks the form of the IDs.
func (c PreferMethod) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	_, err := slotOf(MethodPrefix, string(c.Method))
	return err
}

func (c PreferMethod) apply(tx *command.Tx) (struct{}, error) {
	m, err := methodTx(tx.Tx, c.Method)
	if err == nil && (m.Customer != c.Customer || m.state != methodKept) {
		err = &NoMethodError{Method: c.Method}
	}
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, prefer(tx, m)
}

func prefer(tx *command.Tx, m Method) error {
	if _, err := tx.Exec(`UPDATE payment_methods SET preferred = 0 WHERE customer = ? AND preferred = 1`, m.Customer); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE payment_methods SET preferred = 1 WHERE id = ?`, m.ID)
	return err
}

// PreferMethod runs the command. It returns a *NoMethodError if the customer
// has no such means of payment.
func (s *Service) PreferMethod(ctx context.Context, c PreferMethod) error {
	slot, err := c.Customer.Slot()
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot})
	return err
}
