package paymentstest

import (
	"errors"
	"slices"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/payments"
)

func (s *suite) listener() payments.Listener { return s.h.Provider.(payments.Listener) }

// webhook: an event tells which payment it is about, also when it comes again.
func (s *suite) webhook() {
	l := s.listener()
	s.pay(true)
	body := s.h.Event("evt_1", "", key)
	for range 2 {
		n, err := l.Parse(s.ctx, payments.WebhookRequest{Header: s.h.Sign(body, time.Now(), false), Body: body})
		if err != nil || n.Event != "evt_1" || n.Kind == "" || n.Attempt != key {
			s.Errorf("the webhook is %+v, %v", n, err)
		}
	}
	// What the provider may invent tomorrow is no error.
	body = s.h.Event("evt_2", "payment.danced", key)
	if n, err := l.Parse(s.ctx, payments.WebhookRequest{Header: s.h.Sign(body, time.Now(), false), Body: body}); err != nil || n.Event != "evt_2" || n.Kind != "payment.danced" {
		s.Errorf("a webhook of an unknown kind is %+v, %v", n, err)
	}
}

// denied fails the test unless a request is refused for its signature.
func (s *suite) denied(what string, r payments.WebhookRequest) {
	s.Helper()
	if n, err := s.listener().Parse(s.ctx, r); !errors.Is(err, fault.Denied) {
		s.Errorf("%s gives %+v, %v", what, n, err)
	}
}

// webhookForged: what the provider did not sign, byte for byte, is denied.
func (s *suite) webhookForged() {
	s.pay(true)
	body := s.h.Event("evt_1", "", key)
	signed := s.h.Sign(body, time.Now(), false)
	s.denied("no signature", payments.WebhookRequest{Body: body})
	s.denied("another secret", payments.WebhookRequest{Header: s.h.Sign(body, time.Now(), true), Body: body})
	s.denied("no body", payments.WebhookRequest{Header: signed})
	s.denied("a body that goes on", payments.WebhookRequest{Header: signed, Body: append(slices.Clone(body), ' ')})
	for i := 0; i < len(body); i += 7 {
		changed := slices.Clone(body)
		changed[i] ^= 1
		s.denied("a changed body", payments.WebhookRequest{Header: signed, Body: changed})
	}
	for name, values := range signed {
		for i := range values[0] {
			damaged := map[string][]string{name: {values[0][:i] + "%" + values[0][i+1:]}}
			if _, err := s.listener().Parse(s.ctx, payments.WebhookRequest{Header: damaged, Body: body}); err == nil {
				s.Errorf("%s with a changed byte %d is taken", name, i)
			}
		}
	}
}

// webhookOld: a signature holds for minutes, so that nobody can send a request
// again that they have overheard long ago.
func (s *suite) webhookOld() {
	s.pay(true)
	body := s.h.Event("evt_1", "", key)
	for _, age := range []time.Duration{6 * time.Minute, 24 * time.Hour} {
		s.denied("a signature of "+age.String()+" ago", payments.WebhookRequest{Header: s.h.Sign(body, time.Now().Add(-age), false), Body: body})
	}
	if _, err := s.listener().Parse(s.ctx, payments.WebhookRequest{Header: s.h.Sign(body, time.Now().Add(-time.Minute), false), Body: body}); err != nil {
		s.Errorf("a signature of a minute ago: %v", err)
	}
}

// webhookElse: what is about nothing of the store's has no attempt, and what
// cannot be read is invalid.
func (s *suite) webhookElse() {
	l := s.listener()
	body := s.h.Event("evt_1", "", "")
	if n, err := l.Parse(s.ctx, payments.WebhookRequest{Header: s.h.Sign(body, time.Now(), false), Body: body}); err != nil || n.Attempt != "" || n.Event != "evt_1" {
		s.Errorf("what is about something else is %+v, %v", n, err)
	}
	for _, text := range []string{"", "{", "[]", "null and void"} {
		if n, err := l.Parse(s.ctx, payments.WebhookRequest{Header: s.h.Sign([]byte(text), time.Now(), false), Body: []byte(text)}); !errors.Is(err, fault.Invalid) {
			s.Errorf("%q is %+v, %v", text, n, err)
		}
	}
}
