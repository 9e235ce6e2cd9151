package httpapi

import (
	"context"
	"errors"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/webhooks"
)

// Endpoint is where events are sent to.
type Endpoint struct {
	ID           string     `json:"id"`
	URL          string     `json:"url"`
	Description  string     `json:"description,omitempty"`
	Kinds        []string   `json:"kinds" nullable:"false" doc:"The kinds of events that are sent, such as order.placed, or order.* for all that begin so. None means all."`
	Disabled     bool       `json:"disabled"`
	Reason       string     `json:"reason,omitempty" doc:"Why it is disabled."`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"Since when nothing has got through."`
	Position     string     `json:"position" doc:"How far it has been told, for a replay."`
	Version      int64      `json:"version"`
}

// EndpointSecret signs what an endpoint is sent.
type EndpointSecret struct {
	Secret    string     `json:"secret"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it stops to sign; missing for the newest."`
}

// Delivery is an attempt to tell an endpoint of an event.
type Delivery struct {
	Message string    `json:"message" doc:"The webhook-id."`
	Type    string    `json:"type"`
	Subject string    `json:"subject"`
	Outcome string    `json:"outcome" enum:"delivered,failed,given_up"`
	Attempt int64     `json:"attempt"`
	Status  int64     `json:"status,omitempty" doc:"Of the endpoint's answer; missing if there was none."`
	Error   string    `json:"error,omitempty"`
	Millis  int64     `json:"millis"`
	At      time.Time `json:"at"`
}

func (a *api) addStaffEndpoints() {
	const group, path = "Webhooks for staff", "/staff/endpoints"
	add(a, route{forStaff, "GET", path, "list-endpoints", group, "List where events are sent to", 0, false}, a.listEndpoints)
	add(a, route{forStaff, "POST", path, "create-endpoint", group, "Send events to an address, from now on", 201, false}, a.createEndpoint)
	add(a, route{forStaff, "GET", path + "/{endpoint}", "get-endpoint", group, "Get an endpoint", 0, false}, a.getEndpoint)
	add(a, route{forStaff, "PUT", path + "/{endpoint}", "put-endpoint", group, "Change all of an endpoint, enable or disable it", 0, false}, a.putEndpoint)
	add(a, route{forStaff, "DELETE", path + "/{endpoint}", "remove-endpoint", group, "Remove an endpoint with its secrets and its log", 204, false}, a.removeEndpoint)
	add(a, route{forStaff, "GET", path + "/{endpoint}/secrets", "list-endpoint-secrets", group, "List the secrets that sign now, the newest first", 0, false}, a.listSecrets)
	add(a, route{forStaff, "POST", path + "/{endpoint}/secrets", "rotate-endpoint-secret", group, "Make another secret; those before sign for a while", 201, false}, a.rotateSecret)
	add(a, route{forStaff, "GET", path + "/{endpoint}/deliveries", "list-deliveries", group, "List the last attempts, the newest first", 0, false}, a.listDeliveries)
	add(a, route{forStaff, "POST", path + "/{endpoint}/replay", "replay-endpoint", group, "Go on from another position", 204, false}, a.replayEndpoint)
	if a.options.Webhooks != nil {
		add(a, route{forStaff, "POST", path + "/{endpoint}/deliveries/{message}", "redeliver", group, "Send one message once more, now", 0, false}, a.redeliver)
	}
}

type EndpointRef struct {
	Endpoint string `path:"endpoint" maxLength:"64" doc:"An endpoint's ID."`
}

func (r EndpointRef) id() endpoints.ID { return endpoints.ID(r.Endpoint) }

// EndpointBody is what staff say of an endpoint.
type EndpointBody struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2000" example:"https://erp.example.com/hook"`
	Description string   `json:"description,omitempty" maxLength:"500"`
	Kinds       []string `json:"kinds,omitempty" maxItems:"100" nullable:"false"`
	Disabled    bool     `json:"disabled,omitempty"`
}

func (b EndpointBody) put(id endpoints.ID, version int64, key string) endpoints.Put {
	return endpoints.Put{ID: id, URL: seal.Personal(b.URL), Description: b.Description, Kinds: b.Kinds, Disabled: b.Disabled, Version: version, Key: key}
}

func (a *api) listEndpoints(ctx context.Context, _ *struct{}) (*answer[List[Endpoint]], error) {
	all, err := a.shop.Endpoints.All(ctx)
	if err != nil {
		return nil, err
	}
	out := List[Endpoint]{Items: []Endpoint{}}
	for _, e := range all {
		out.Items = append(out.Items, showEndpoint(e))
	}
	return &answer[List[Endpoint]]{Body: out}, nil
}

type createEndpointInput struct {
	Keyed
	Body EndpointBody
}

func (a *api) createEndpoint(ctx context.Context, in *createEndpointInput) (*answer[Endpoint], error) {
	if err := a.reachable(in.Body.URL); err != nil {
		return nil, err
	}
	return endpointOr(a.shop.Endpoints.Put(ctx, in.Body.put("", 0, in.Key)))
}

func (a *api) getEndpoint(ctx context.Context, in *EndpointRef) (*answer[Endpoint], error) {
	return endpointOr(a.shop.Endpoints.Get(ctx, in.id()))
}

type putEndpointInput struct {
	Keyed
	Conditional
	EndpointRef
	Body EndpointBody
}

func (a *api) putEndpoint(ctx context.Context, in *putEndpointInput) (*answer[Endpoint], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if err := a.reachable(in.Body.URL); err != nil {
		return nil, err
	}
	e, err := a.shop.Endpoints.Put(ctx, in.Body.put(in.id(), version, in.Key))
	return endpointOr(e, ifMatched[*endpoints.VersionError](version, err))
}

// reachable refuses an address that nothing would ever be sent to. Without a
// dispatcher here, another program sends, to public addresses.
func (a *api) reachable(address string) error {
	if a.options.Webhooks == nil {
		return webhooks.CheckURL(address)
	}
	return a.options.Webhooks.CheckURL(address)
}

type removeEndpointInput struct {
	Keyed
	EndpointRef
}

func (a *api) removeEndpoint(ctx context.Context, in *removeEndpointInput) (*struct{}, error) {
	return nil, a.shop.Endpoints.Remove(ctx, endpoints.Remove{Endpoint: in.id(), Key: in.Key})
}

func (a *api) listSecrets(ctx context.Context, in *EndpointRef) (*answer[List[EndpointSecret]], error) {
	return secretsOr(a.shop.Endpoints.Secrets(ctx, in.id()))
}

type rotateSecretInput struct {
	Keyed
	EndpointRef
	Body struct {
		OverlapSeconds int64 `json:"overlap_seconds,omitempty" minimum:"-1" maximum:"2592000" doc:"For how long the secrets before still sign: a day if it is missing, not at all for -1."`
	}
}

func (a *api) rotateSecret(ctx context.Context, in *rotateSecretInput) (*answer[List[EndpointSecret]], error) {
	return secretsOr(a.shop.Endpoints.RotateSecret(ctx, endpoints.RotateSecret{
		Endpoint: in.id(), Overlap: time.Duration(in.Body.OverlapSeconds) * time.Second, Key: in.Key,
	}))
}

func (a *api) listDeliveries(ctx context.Context, in *EndpointRef) (*answer[List[Delivery]], error) {
	if _, err := a.shop.Endpoints.Get(ctx, in.id()); err != nil {
		return nil, err
	}
	all, err := a.shop.Endpoints.Deliveries(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := List[Delivery]{Items: []Delivery{}}
	for _, d := range all {
		out.Items = append(out.Items, showDelivery(d))
	}
	return &answer[List[Delivery]]{Body: out}, nil
}

type replayEndpointInput struct {
	Keyed
	EndpointRef
	Body struct {
		Position string `json:"position" maxLength:"4000" doc:"One that the endpoint had before; empty for the oldest event that is kept."`
	}
}

func (a *api) replayEndpoint(ctx context.Context, in *replayEndpointInput) (*struct{}, error) {
	if err := a.checkPosition(commerce.Position(in.Body.Position)); err != nil {
		return nil, err
	}
	return nil, a.shop.Endpoints.Replay(ctx, endpoints.Replay{Endpoint: in.id(), Position: in.Body.Position, Key: in.Key})
}

// checkPosition refuses what no endpoint was ever at: it would be disabled by it.
// Of several nodes, another one may be further than this.
func (a *api) checkPosition(p commerce.Position) error {
	_, err := a.shop.Behind(p)
	if _, ahead := errors.AsType[*commerce.AheadError](err); ahead && a.shop.Cluster().Addr() != "" {
		return nil
	}
	if fault.CodeOf(err) == fault.Invalid {
		return &fieldError{"body.position", "is not a position of this shop"}
	}
	return nil
}

// A consumer knows a message that comes once more by its webhook-id.
type redeliverInput struct {
	Repeatable
	EndpointRef
	Message string `path:"message" maxLength:"100" doc:"A webhook-id."`
}

func (a *api) redeliver(ctx context.Context, in *redeliverInput) (*answer[Delivery], error) {
	d, err := a.options.Webhooks.Redeliver(ctx, in.id(), in.Message)
	if err != nil {
		return nil, err
	}
	return &answer[Delivery]{Body: showDelivery(d)}, nil
}

func endpointOr(e endpoints.Endpoint, err error) (*answer[Endpoint], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Endpoint]{ETag: web.ETag(e.Version, ""), Body: showEndpoint(e)}, nil
}

func showEndpoint(e endpoints.Endpoint) Endpoint {
	out := Endpoint{
		ID: string(e.ID), URL: e.URL.Reveal(), Description: e.Description, Kinds: e.Kinds, Disabled: e.Disabled != "", Reason: e.Disabled,
		FailingSince: timeOr(e.FailingSince), Position: e.Position, Version: e.Version,
	}
	if out.Kinds == nil {
		out.Kinds = []string{}
	}
	return out
}

func secretsOr(secrets []endpoints.Secret, err error) (*answer[List[EndpointSecret]], error) {
	if err != nil {
		return nil, err
	}
	out := List[EndpointSecret]{Items: []EndpointSecret{}}
	for _, s := range secrets {
		out.Items = append(out.Items, EndpointSecret{s.Text.Reveal(), s.CreatedAt, timeOr(s.ExpiresAt)})
	}
	return &answer[List[EndpointSecret]]{Body: out}, nil
}

func showDelivery(d endpoints.Delivery) Delivery {
	return Delivery{d.Message, d.Kind, d.Subject, string(d.Outcome), d.Attempt, d.Status, d.Error, d.Millis, d.Time()}
}
