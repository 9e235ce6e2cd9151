package webhooks

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
)

// Redeliver sends one event to an endpoint once more, now and once, whether or
// not it was delivered before, whether or not the endpoint is disabled. It is
// named by its webhook-id. The result says what came of it and is in the log;
// the error says that it could not be tried, as fault.NotFound if the event is
// past its retention.
func (d *Dispatcher) Redeliver(ctx context.Context, endpoint endpoints.ID, message string) (endpoints.Delivery, error) {
	e, err := d.find(ctx, message)
	if err != nil {
		return endpoints.Delivery{}, fmt.Errorf("redelivering to endpoint %s: %w", endpoint, err)
	}
	to, err := d.target(ctx, endpoint)
	if err != nil {
		return endpoints.Delivery{}, fmt.Errorf("redelivering to endpoint %s: %w", endpoint, err)
	}
	began := time.Now()
	r := d.sender.send(ctx, to, e)
	outcome := endpoints.GivenUp
	if r.ok() {
		outcome = endpoints.Delivered
	}
	done := r.delivery(e, 1, outcome, began)
	err = d.shop.Endpoints.Progress(context.WithoutCancel(ctx), endpoints.Progress{Endpoint: endpoint, Deliveries: []endpoints.Delivery{done}})
	return done, err
}

// find returns the event with a webhook-id.
func (d *Dispatcher) find(ctx context.Context, message string) (commerce.Event, error) {
	parts := strings.Split(message, "_")
	if len(parts) != 4 || parts[0] != "evt" {
		return commerce.Event{}, noMessage(message)
	}
	shard, err1 := strconv.Atoi(parts[1])
	sequence, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil {
		return commerce.Event{}, noMessage(message)
	}
	e, err := d.shop.Event(ctx, shard, sequence)
	if err == nil && MessageID(e) != message {
		err = fault.New(fault.NotFound, "there is no message %s", message)
	}
	return e, err
}

func noMessage(text string) error {
	return fault.New(fault.Invalid, "%.40q is not a webhook-id of this store", text)
}

// Replay lets an endpoint go on from another position, an earlier one to be
// told again. The error is that of commerce.Store.Events for a position that
// is none, or is past its retention.
func (d *Dispatcher) Replay(ctx context.Context, endpoint endpoints.ID, from commerce.Position) error {
	for _, err := range d.shop.Events(ctx, from) {
		if err != nil {
			return fmt.Errorf("replaying to endpoint %s: %w", endpoint, err)
		}
		break
	}
	return d.shop.Endpoints.Replay(ctx, endpoints.Replay{Endpoint: endpoint, Position: string(from)})
}
