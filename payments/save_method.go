package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// SaveMethod keeps a means of payment of a customer with its provider, which
// must be a Vault. The token is what the provider gave the browser.
type SaveMethod struct {
	Customer accounts.CustomerID `cbor:"1,keyasint"`
	Provider string              `cbor:"2,keyasint"`
	Token    seal.Personal       `cbor:"-"`
	// Default makes it the one that the customer is asked first whether to pay
	// with. The first one is that in any case.
	Default bool   `cbor:"3,keyasint,omitempty"`
	Key     string `cbor:"-"`

	NewID  MethodID    `cbor:"4,keyasint" command:"stamped"`
	Sealed seal.Sealed `cbor:"5,keyasint" command:"stamped"`
	// Wrapped is the customer's data key, which a first command brings along.
	Wrapped seal.WrappedKey `cbor:"6,keyasint" command:"stamped"`
}

// methodReceipt is the answer of SaveMethod.
type methodReceipt struct {
	Method MethodID `cbor:"1,keyasint"`
}

// Kind returns "payments.save_method".
func (SaveMethod) Kind() command.Kind { return "payments.save_method" }

// Validate refuses what cannot be a token.
func (c SaveMethod) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	if c.Token == "" || isMethod(c.Token.Reveal()) {
		return fault.Wrong("token", "a token of the provider's is needed to keep a means of payment")
	}
	return CheckToken(c.Token.Reveal())
}

func (c SaveMethod) apply(tx *command.Tx) (methodReceipt, error) {
	if err := accounts.KnownTx(tx.Tx, c.Customer); err != nil {
		return methodReceipt{}, err
	}
	if err := subject.EnsureTx(tx, string(c.Customer), c.Wrapped); err != nil {
		return methodReceipt{}, err
	}
	n, _, err := tx.Int64(`SELECT count(*) FROM payment_methods WHERE customer = ?`, c.Customer)
	if err != nil {
		return methodReceipt{}, err
	}
	if n >= maxMethods {
		return methodReceipt{}, fault.New(fault.Refused, "customer %s has %d means of payment, which is the limit: remove one first", c.Customer, n)
	}
	if _, err := tx.Exec(`INSERT INTO payment_methods (`+methodColumns+`, slot) VALUES (?, ?, ?, ?, 0, ?, ?, ?)`,
		c.NewID, c.Customer, c.Provider, methodSaving, []byte(c.Sealed), tx.At, tx.Slot); err != nil {
		return methodReceipt{}, err
	}
	return methodReceipt{Method: c.NewID}, tx.SetTimer(tx.Clock+methodMillis, TimerMethod, string(c.NewID))
}

// SaveMethod asks the provider to keep a means of payment and returns it. It
// returns a *MethodDeclinedError if the provider does not, an
// *UnknownProviderError, also for a provider that keeps none, and fault.Uncertain
// if the provider does not answer: it is asked again in the background.
func (s *Service) SaveMethod(ctx context.Context, c SaveMethod) (Method, error) {
	if _, ok := s.vaults[c.Provider]; !ok {
		return Method{}, &UnknownProviderError{Provider: c.Provider}
	}
	slot, err := c.Customer.Slot()
	if err != nil {
		return Method{}, err
	}
	c.Key = command.KeyOr(s.engine, c.Key)
	made, err := command.Do[methodReceipt](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error {
		key, wrapped, err := s.methodKey(ctx, slot, c.Customer)
		if err != nil {
			return err
		}
		c.Wrapped, c.NewID = wrapped, MethodID(st.NewID(MethodPrefix))
		c.Sealed, err = s.sealMethod(key, c.Customer, secrets{Token: c.Token.Reveal()})
		return err
	}})
	if err != nil {
		return Method{}, err
	}
	declined, err := s.keepMethod(ctx, made.Method, c.Default)
	if err != nil {
		return Method{}, &command.UncertainError{Key: c.Key, Err: fault.Wrap(fault.Uncertain, err, "keeping a means of payment began")}
	}
	if declined != "" {
		return Method{}, &MethodDeclinedError{Provider: c.Provider, Code: declined}
	}
	return command.Then(ctx, c.Key, func(ctx context.Context) (Method, error) {
		_, m, err := s.method(ctx, made.Method)
		if _, gone := errors.AsType[*NoMethodError](err); gone { // asked again, after it was declined or removed
			err = &MethodDeclinedError{Provider: c.Provider, Code: DeclineGeneric}
		}
		return m, err
	})
}

// keepMethod asks the provider to keep a method that is being saved and books
// the answer.
func (s *Service) keepMethod(ctx context.Context, of MethodID, preferred bool) (DeclineCode, error) {
	slot, m, err := s.method(ctx, of)
	if _, gone := errors.AsType[*NoMethodError](err); gone || err == nil && m.state != methodSaving {
		return "", nil // somebody else was faster
	}
	if err != nil {
		return "", err
	}
	vault, ok := s.vaults[m.Provider]
	if !ok {
		return "", &UnknownProviderError{Provider: m.Provider}
	}
	said := Saved{Decline: DeclineGeneric} // once the provider may have forgotten the key
	if s.engine.Now().Sub(m.CreatedAt) < KeyLife {
		known, err := s.knownAs(ctx, m)
		if err != nil {
			return "", err
		}
		if said, err = vault.SaveMethod(ctx, SaveRequest{Key: string(m.ID), Owner: string(m.Customer), Customer: known, Token: m.secret.Token}); err != nil {
			return "", err
		}
	}
	key, _, err := s.methodKey(ctx, slot, m.Customer)
	if err != nil {
		return "", err
	}
	c := finishMethod{Method: of, Keep: said.Decline == "", Preferred: preferred}
	if c.Sealed, err = s.sealMethod(key, m.Customer, secrets{Saved: said}); err != nil {
		return "", err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot})
	return said.Decline, err
}

// knownAs returns what a provider calls a customer already, by another method.
func (s *Service) knownAs(ctx context.Context, m Method) (string, error) {
	all, err := s.Methods(ctx, m.Customer)
	for _, other := range all {
		if other.Provider == m.Provider {
			return other.secret.Saved.Customer, err
		}
	}
	return "", err
}

// finishMethod ends the saving or the removing of a method.
type finishMethod struct {
	Method    MethodID    `cbor:"1,keyasint"`
	Keep      bool        `cbor:"2,keyasint,omitempty"` // false drops it
	Preferred bool        `cbor:"3,keyasint,omitempty"`
	Sealed    seal.Sealed `cbor:"4,keyasint,omitempty"`
}

// Kind returns "payments.finish_method".
func (finishMethod) Kind() command.Kind { return "payments.finish_method" }

// Validate refuses what is not a method's ID.
func (c finishMethod) Validate() error {
	_, err := slotOf(MethodPrefix, string(c.Method))
	return err
}

func (c finishMethod) apply(tx *command.Tx) (struct{}, error) {
	m, err := methodTx(tx.Tx, c.Method)
	if _, gone := errors.AsType[*NoMethodError](err); gone {
		return struct{}{}, tx.ClearTimers(TimerMethod, string(c.Method))
	}
	if err != nil || m.state == methodKept || c.Keep && m.state != methodSaving {
		return struct{}{}, err
	}
	if err := tx.ClearTimers(TimerMethod, string(c.Method)); err != nil {
		return struct{}{}, err
	}
	if !c.Keep {
		_, err := tx.Exec(`DELETE FROM payment_methods WHERE id = ?`, c.Method)
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE payment_methods SET state = ?, sealed = ? WHERE id = ?`, methodKept, []byte(c.Sealed), c.Method); err != nil {
		return struct{}{}, err
	}
	_, some, err := tx.Int64(`SELECT 1 FROM payment_methods WHERE customer = ? AND preferred = 1`, m.Customer)
	if err != nil || some && !c.Preferred {
		return struct{}{}, err
	}
	return struct{}{}, prefer(tx, m)
}

// RemoveMethod drops a means of payment of a customer, at its provider, too.
type RemoveMethod struct {
	Customer accounts.CustomerID `cbor:"1,keyasint"`
	Method   MethodID            `cbor:"2,keyasint"`
	Key      string              `cbor:"-"`
}

// Kind returns "payments.remove_method".
func (RemoveMethod) Kind() command.Kind { return "payments.remove_method" }

// Validate checks the form of the IDs.
func (c RemoveMethod) Validate() error {
	return PreferMethod{Customer: c.Customer, Method: c.Method}.Validate()
}

func (c RemoveMethod) apply(tx *command.Tx) (struct{}, error) {
	m, err := methodTx(tx.Tx, c.Method)
	if err == nil && (m.Customer != c.Customer || m.state != methodKept) {
		err = &NoMethodError{Method: c.Method}
	}
	if err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE payment_methods SET state = ?, preferred = 0 WHERE id = ?`, methodRemoving, c.Method); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.SetTimer(tx.Clock, TimerMethod, string(c.Method))
}

// RemoveMethod runs the command: nobody can pay with it any more. The provider
// is asked at once, and again in the background if it does not answer. It
// returns a *NoMethodError if the customer has no such means of payment.
func (s *Service) RemoveMethod(ctx context.Context, c RemoveMethod) error {
	slot, err := c.Customer.Slot()
	if err != nil {
		return err
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}); err != nil {
		return err
	}
	_ = s.MethodTimer(ctx, string(c.Method)) // or the timer does it
	return nil
}

// ForgetCustomer removes all means of payment of a customer, at their providers,
// too, also those that are being saved. Call it before the customer is erased:
// afterwards nobody knows what the provider calls them. It returns
// fault.Unavailable while a provider has not dropped one, which the background
// goes on asking for: call it again later.
func (s *Service) ForgetCustomer(ctx context.Context, customer accounts.CustomerID) error {
	slot, err := customer.Slot()
	if err != nil {
		return err
	}
	var failed error
	for range 2 { // what was being saved is kept after the first round
		all, err := s.methodStates(ctx, slot, customer)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return nil
		}
		failed = nil
		for _, m := range all {
			failed = errors.Join(failed, s.forgetMethod(ctx, slot, m))
		}
	}
	left, err := s.methodStates(ctx, slot, customer)
	if err != nil || len(left) == 0 {
		return err
	}
	return fault.Wrap(fault.Unavailable, failed, "%d means of payment of customer %s are still with their providers: try again", len(left), customer)
}

// forgetMethod takes a method one step further to where it is not kept.
func (s *Service) forgetMethod(ctx context.Context, slot id.Slot, m Method) error {
	if m.state == methodKept {
		_, err := command.Do[struct{}](ctx, s.engine, &RemoveMethod{Customer: m.Customer, Method: m.ID}, command.Call{Slot: slot})
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return s.MethodTimer(ctx, string(m.ID))
}

// methodStates returns all of a customer's methods, still sealed, whatever has
// become of them.
func (s *Service) methodStates(ctx context.Context, slot id.Slot, customer accounts.CustomerID) (all []Method, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT `+methodColumns+` FROM payment_methods WHERE customer = ? ORDER BY id`, customer)
		for rows.Next() {
			all = append(all, scanMethod(rows))
		}
		return rows.Close()
	})
	return all, err
}

// MethodTimer is the handler of TimerMethod timers.
func (s *Service) MethodTimer(ctx context.Context, subject string) error {
	of := MethodID(subject)
	slot, m, err := s.method(ctx, of)
	_, erased := errors.AsType[*accounts.ErasedError](err)
	_, gone := errors.AsType[*NoMethodError](err)
	switch {
	case erased || gone: // nobody can say what it is called
	case err != nil:
		return err
	case m.state == methodSaving:
		_, err := s.keepMethod(ctx, of, false)
		return err
	case m.state == methodRemoving:
		vault, ok := s.vaults[m.Provider]
		if !ok {
			return &UnknownProviderError{Provider: m.Provider}
		}
		if err := vault.ForgetMethod(ctx, ForgetRequest{Key: subject + "/forget", Customer: m.secret.Saved.Customer, Method: m.secret.Saved.Method}); err != nil {
			return fmt.Errorf("asking %s to forget %s: %w", m.Provider, of, err)
		}
	}
	_, err = command.Do[struct{}](ctx, s.engine, &finishMethod{Method: of}, command.Call{Slot: slot})
	return err
}

// unkept finds methods that nobody looks after.
func unkept(tx *sqlite.Tx) ([]command.Violation, error) {
	return command.Breaches(tx, "payments.method_has_a_timer", `SELECT id, state FROM payment_methods
		WHERE state <> 'kept' AND id NOT IN (SELECT subject FROM timers WHERE kind = 'payments.method')`, "it is %v, and no timer sees to it")
}
