package stripeserver

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// intent is a PaymentIntent. Its money is in the bank's books, under its ID,
// once it was confirmed.
type intent struct {
	id        string
	created   int64 // in seconds since 1970
	amount    money.Amount
	manual    bool // captured later
	multi     bool // captured in parts
	metadata  map[string]string
	method    string // tried last
	customer  string // whose kept methods it may be paid with
	confirmed bool
	canceled  bool
	final     bool // no more captures
	tries     int  // of confirming
	captures  int
	said      payments.State // what the last event told of
	expires   int64          // when its voucher does, in seconds since 1970; 0 without
}

// key is the bank's name for the current try.
func (i *intent) key() string {
	if i.tries <= 1 {
		return i.id
	}
	return i.id + "#" + strconv.Itoa(i.tries)
}

func (s *Server) createIntent(r *http.Request) (any, error) {
	minor, err := strconv.ParseInt(r.PostForm.Get("amount"), 10, 64)
	if err != nil || minor <= 0 {
		return nil, invalid("amount", "Invalid integer: "+r.PostForm.Get("amount"))
	}
	currency, err := money.ParseCurrency(strings.ToUpper(r.PostForm.Get("currency")))
	if err != nil {
		return nil, invalid("currency", "Invalid currency: "+r.PostForm.Get("currency"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &intent{
		id:       fmt.Sprintf("pi_sim%06d", len(s.intents)+1),
		created:  s.made(),
		amount:   money.New(minor, currency),
		manual:   r.PostForm.Get("capture_method") == "manual",
		multi:    r.PostForm.Get("payment_method_options[card][request_multicapture]") == "if_available",
		customer: r.PostForm.Get("customer"),
		metadata: map[string]string{},
	}
	if err := putMetadata(r.PostForm, i.metadata); err != nil {
		return nil, err
	}
	s.intents[i.id] = i
	if r.PostForm.Get("confirm") == "true" {
		return s.confirm(r, i)
	}
	return s.show(i), nil
}

func (s *Server) retrieveIntent(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(r)
	if err != nil {
		return nil, err
	}
	return s.show(i), nil
}

func (s *Server) confirmIntent(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(r)
	if err != nil {
		return nil, err
	}
	return s.confirm(r, i)
}

func (s *Server) confirm(r *http.Request, i *intent) (any, error) {
	now := s.outcome(i)
	if i.canceled || i.confirmed && now.State != payments.Declined {
		return nil, unexpected("This PaymentIntent's status is " + s.status(i) + ": it cannot be confirmed.")
	}
	i.method = r.PostForm.Get("payment_method")
	if i.method == "" {
		return nil, invalid("payment_method", "You cannot confirm this PaymentIntent because it's missing a payment method.")
	}
	i.confirmed = true
	i.tries++
	token := i.method
	if vouchers[i.method] != nil {
		token, i.expires = simulator.TokenPending, s.expiry
	}
	o, err := s.bank.Pay(r.Context(), payments.PayRequest{Key: i.key(), Token: token, Customer: i.customer, Amount: i.amount, AutoCapture: !i.manual})
	s.tell(i)
	if err != nil {
		return nil, err
	}
	switch {
	case o.State != payments.Declined:
		return s.show(i), nil
	case o.Raw == "unknown_token":
		i.confirmed = false
		return nil, missing("payment_method", i.method)
	}
	p := cardError(o)
	p.PaymentIntent = s.show(i)
	return nil, p
}

func cardError(o payments.Outcome) *problem {
	p := &problem{Status: 402, Type: "card_error", Code: "card_declined", DeclineCode: o.Raw, Message: "Your card was declined."}
	switch o.Raw {
	case "expired_card", "incorrect_cvc", "processing_error":
		p.Code, p.DeclineCode = o.Raw, ""
	case "authentication_failed":
		p.Code, p.DeclineCode = "payment_intent_authentication_failure", ""
	}
	return p
}

// maxCaptures is how often Stripe captures one PaymentIntent
// (docs.stripe.com/payments/multicapture).
const maxCaptures = 50

func (s *Server) captureIntent(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(r)
	if err != nil {
		return nil, err
	}
	c, _ := s.bank.Charge(i.key())
	open := open(c)
	if s.status(i) != "requires_capture" {
		return nil, unexpected("This PaymentIntent could not be captured because it has a status of " + s.status(i) + ".")
	}
	minor := open
	if text := r.PostForm.Get("amount_to_capture"); text != "" {
		if minor, err = strconv.ParseInt(text, 10, 64); err != nil || minor < 0 {
			return nil, invalid("amount_to_capture", "Invalid integer: "+text)
		}
	}
	final := r.PostForm.Get("final_capture") != "false"
	switch {
	case !final && !i.multi:
		return nil, invalid("final_capture", "Multicapture is not available for this PaymentIntent.")
	case minor > open:
		return nil, &problem{Status: 400, Type: "invalid_request_error", Code: "amount_too_large", Param: "amount_to_capture", Message: "The amount is more than can be captured."}
	case minor == 0 && !final:
		return nil, invalid("amount_to_capture", "The amount must be greater than 0.")
	case i.captures == maxCaptures:
		return nil, invalid("amount_to_capture", "This PaymentIntent was captured too many times.")
	}
	if err := putMetadata(r.PostForm, i.metadata); err != nil {
		return nil, err
	}
	i.captures++
	key := fmt.Sprintf("%s/capture%d", i.id, i.captures)
	if minor > 0 {
		o, err := s.bank.Capture(r.Context(), payments.CaptureRequest{Key: key, PaymentKey: i.key(), Amount: money.New(minor, i.amount.Currency())})
		if err != nil {
			return nil, err
		}
		if o.State == payments.Declined {
			return nil, unexpected("The bank says: " + o.Raw)
		}
	}
	if final {
		i.final = true
		if minor < open {
			if _, err := s.bank.Void(r.Context(), payments.VoidRequest{Key: key + "/rest", PaymentKey: i.key()}); err != nil {
				return nil, err
			}
		}
	}
	s.tell(i)
	return s.show(i), nil
}

func (s *Server) cancelIntent(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(r)
	if err != nil {
		return nil, err
	}
	switch s.status(i) {
	case "succeeded", "canceled":
		return nil, unexpected("You cannot cancel this PaymentIntent because it has a status of " + s.status(i) + ".")
	}
	if i.confirmed {
		if _, err := s.bank.Void(r.Context(), payments.VoidRequest{Key: i.id + "/cancel", PaymentKey: i.key()}); err != nil {
			return nil, err
		}
	}
	i.canceled = true
	s.tell(i)
	return s.show(i), nil
}

func (s *Server) find(r *http.Request) (*intent, error) {
	id := r.PathValue("id")
	if i := s.intents[id]; i != nil {
		return i, nil
	}
	return nil, missing("intent", id)
}

// outcome says how the bank sees an intent.
func (s *Server) outcome(i *intent) payments.Outcome {
	if !i.confirmed {
		return payments.Outcome{State: payments.NotFound}
	}
	o, err := s.bank.Peek(i.key())
	if err != nil {
		return payments.Outcome{State: payments.NotFound}
	}
	return o
}

// status is Stripe's word for how an intent stands.
func (s *Server) status(i *intent) string {
	if i.canceled {
		return "canceled"
	}
	c, _ := s.bank.Charge(i.key())
	switch o := s.outcome(i); o.State {
	case payments.NeedsAction:
		return "requires_action"
	case payments.Pending:
		if vouchers[i.method] != nil {
			return "requires_action"
		}
		return "processing"
	case payments.Authorized:
		return "requires_capture"
	case payments.Captured:
		if i.manual && !i.final && i.multi && open(c) > 0 {
			return "requires_capture"
		}
		return "succeeded"
	case payments.Voided, payments.Canceled:
		return "canceled"
	}
	return "requires_payment_method"
}

func open(c simulator.Charge) int64 {
	return c.Authorized.Minor() - c.Captured.Minor() - c.Voided.Minor()
}

// putMetadata adds a request's metadata to an object's, or refuses all of it.
func putMetadata(form url.Values, to map[string]string) error {
	all := maps.Clone(to)
	for name, values := range form {
		key, ok := strings.CutPrefix(name, "metadata[")
		if !ok {
			continue
		}
		key = strings.TrimSuffix(key, "]")
		switch value := values[0]; {
		case strings.ContainsAny(key, "[]"):
			return invalid("metadata", "Metadata keys cannot contain square brackets: "+key)
		case utf8.RuneCountInString(key) > maxMetadataKey:
			return invalid("metadata", fmt.Sprintf("Metadata keys must have up to %d characters: %s", maxMetadataKey, key))
		case utf8.RuneCountInString(value) > maxMetadataValue:
			return invalid("metadata", fmt.Sprintf("Metadata values must have up to %d characters: that of %s has more.", maxMetadataValue, key))
		case value == "":
			delete(all, key)
		default:
			all[key] = value
		}
	}
	if len(all) > maxMetadata {
		return invalid("metadata", fmt.Sprintf("An object has up to %d metadata keys.", maxMetadata))
	}
	maps.Copy(to, all)
	maps.DeleteFunc(to, func(key, _ string) bool { _, ok := all[key]; return !ok })
	return nil
}

// What Stripe takes as metadata (docs.stripe.com/metadata).
const (
	maxMetadata      = 50
	maxMetadataKey   = 40  // characters
	maxMetadataValue = 500 // characters
)
