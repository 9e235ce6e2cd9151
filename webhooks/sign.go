package webhooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
)

// Message is the body of a webhook.
type Message struct {
	Type      string          `json:"type"`      // the kind of the event, as in order.placed
	Timestamp time.Time       `json:"timestamp"` // when it happened
	Subject   string          `json:"subject"`   // the ID of what it happened to
	Data      json.RawMessage `json:"data"`      // the event's own data
}

func bodyOf(e commerce.Event) ([]byte, error) {
	body, err := json.Marshal(Message{Type: e.Kind, Timestamp: e.At.UTC(), Subject: e.Subject, Data: e.Data})
	if err != nil {
		return nil, fmt.Errorf("the event cannot be written as JSON: %w", err)
	}
	return body, nil
}

// sign sets the three headers of Standard Webhooks: every secret that has not
// ended makes a signature.
func sign(h http.Header, message string, at time.Time, body []byte, secrets []endpoints.Secret) error {
	var signatures []string
	for _, s := range secrets {
		if !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(at) {
			continue
		}
		key, err := standardwebhooks.NewWebhook(s.Text.Reveal())
		if err != nil {
			return fault.New(fault.Broken, "a secret is not of the form %s and base64", endpoints.SecretPrefix)
		}
		signature, err := key.Sign(message, at, body)
		if err != nil {
			return fmt.Errorf("signing: %w", err)
		}
		signatures = append(signatures, signature)
	}
	h.Set(standardwebhooks.HeaderWebhookID, message)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// Verify is for consumers: it returns nil if a request with these headers and
// this body, byte for byte as it came, was signed with one of the secrets
// within the last five minutes. The error is fault.Denied, or fault.Invalid if
// a secret is none. Repetitions are told by the header webhook-id.
func Verify(h http.Header, body []byte, secrets ...string) error {
	err := fault.New(fault.Invalid, "there is no secret to verify the webhook with")
	for _, secret := range secrets {
		key, keyErr := standardwebhooks.NewWebhook(secret)
		if keyErr != nil || len(strings.TrimPrefix(secret, endpoints.SecretPrefix)) < 24 {
			return fault.New(fault.Invalid, "a webhook's secret is %s and base64 of at least 18 bytes", endpoints.SecretPrefix)
		}
		verifyErr := key.Verify(body, h)
		if verifyErr == nil {
			return nil
		}
		err = fault.Wrap(fault.Denied, verifyErr, "the webhook is not to be trusted")
	}
	return err
}
