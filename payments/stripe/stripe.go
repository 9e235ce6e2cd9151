// Package stripe is the payment provider that asks Stripe. It is a package of
// its own, so that only programs that use it carry Stripe's library.
//
//	cards, err := stripe.New(os.Getenv("STRIPE_KEY"))
//	shop, err := commerce.Open(ctx, dir, commerce.WithPayments(cards))
//
// A payment is a PaymentIntent. It is made first, its ID is written down, and
// then it is confirmed (payments.Preparer), so that recovery can always look it
// up. The token of a checkout is a PaymentMethod's ID, which Stripe's script
// gave the browser. A checkout without one gets a next action with a client
// secret, and the browser confirms.
package stripe

import (
	"log/slog"
	"net/http"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	stripe "github.com/stripe/stripe-go/v85"
)

// Name is the name of a provider that is made without WithName.
const Name = "stripe"

// Provider is a payments.Preparer and a payments.Listener. It is safe for
// concurrent use. Make one with New.
type Provider struct {
	api    *stripe.Client
	config config
}

type config struct {
	name         string
	url          string
	client       *http.Client
	returnURL    string
	secrets      []string
	multicapture bool
	log          *slog.Logger
}

// Option changes a provider. Options are made by the With… functions.
type Option interface{ set(*config) }

type option func(*config)

func (o option) set(c *config) { o(c) }

// WithName gives the provider another name than Name, as for a second account.
func WithName(name string) Option { return option(func(c *config) { c.name = name }) }

// WithURL asks another server than Stripe's, such as one for tests.
func WithURL(url string) Option { return option(func(c *config) { c.url = url }) }

// WithHTTPClient sets the client for requests. It defaults to one with a
// timeout of 80 seconds; the store's own deadline of a call is shorter.
func WithHTTPClient(client *http.Client) Option {
	return option(func(c *config) { c.client = client })
}

// WithReturnURL sets where a shopper comes back to from a bank's page. Without
// it, Stripe's script in the browser shows the bank's page.
func WithReturnURL(url string) Option { return option(func(c *config) { c.returnURL = url }) }

// WithWebhookSecrets sets the signing secrets of the webhook endpoint, more
// than one while they are being changed.
func WithWebhookSecrets(secrets ...string) Option {
	return option(func(c *config) { c.secrets = secrets })
}

// WithMulticapture captures in several parts, which Stripe must have switched
// on for the account. Without it the first capture is the last: the rest of
// what was authorized is let go.
func WithMulticapture() Option { return option(func(c *config) { c.multicapture = true }) }

// WithLogger sets where Stripe's library tells of retries. It defaults to
// nowhere: what fails is told by the store.
func WithLogger(log *slog.Logger) Option { return option(func(c *config) { c.log = log }) }

// New returns a provider that uses a secret key, as in sk_test_… or rk_live_….
func New(key string, opts ...Option) (*Provider, error) {
	if key == "" {
		return nil, fault.New(fault.Invalid, "a Stripe provider needs a secret key")
	}
	c := config{name: Name}
	for _, o := range opts {
		o.set(&c)
	}
	backend := &stripe.BackendConfig{
		HTTPClient:      c.client,
		LeveledLogger:   logger{pan.Logger(c.log)},
		EnableTelemetry: stripe.Bool(false),
	}
	if c.url != "" {
		backend.URL = &c.url
	}
	return &Provider{api: stripe.NewClient(key, stripe.WithBackends(stripe.NewBackendsWithConfig(backend))), config: c}, nil
}

// Name returns the provider's name.
func (p *Provider) Name() string { return p.config.name }
