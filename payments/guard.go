package payments

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"
)

// What one store may ask of one provider.
const (
	maxInFlight = 32
	maxOwn      = 4096 // of one that is part of the store
	maxAnswer   = 20 * time.Second
)

// guarded is a provider that cannot drown the store or be drowned by it.
type guarded struct {
	inner Provider
	gate  chan struct{}
	breaker
	waiting atomic.Int64 // for a place
	own     bool         // its tokens are names that the store has made
}

func guard(p Provider) Provider {
	limit := maxInFlight
	_, own := p.(Purse)
	if own {
		limit = maxOwn
	}
	g := &guarded{inner: p, gate: make(chan struct{}, limit), breaker: newBreaker(p.Name()), own: own}
	if inner, ok := p.(Preparer); ok {
		return &guardedPreparer{guarded: g, inner: inner}
	}
	return g
}

// guardedPreparer is a guarded provider that is a Preparer.
type guardedPreparer struct {
	*guarded
	inner Preparer
}

func (g *guardedPreparer) Prepare(ctx context.Context, r PayRequest) (Outcome, error) {
	if err := CheckToken(r.Token); err != nil {
		return Outcome{}, err
	}
	return guardCall(g.guarded, ctx, r, func(ctx context.Context, r PayRequest) (Outcome, error) {
		o, err := g.inner.Prepare(ctx, r)
		if err == nil && o.State == Unknown && o.ProviderID == "" {
			err = errors.New("it gave the payment no name")
		}
		return o, err
	})
}

// guardedVault is a Vault that cannot drown the store or be drowned by it.
type guardedVault struct {
	*guarded
	inner Vault
}

func (g *guardedVault) SaveMethod(ctx context.Context, r SaveRequest) (said Saved, err error) {
	_, err = guardCall(g.guarded, ctx, r, func(ctx context.Context, r SaveRequest) (Outcome, error) {
		if said, err = g.inner.SaveMethod(ctx, r); err == nil {
			err = said.check()
		}
		return Outcome{State: Unknown}, err
	})
	return said, err
}

func (g *guardedVault) ForgetMethod(ctx context.Context, r ForgetRequest) error {
	_, err := guardCall(g.guarded, ctx, r, func(ctx context.Context, r ForgetRequest) (Outcome, error) {
		return Outcome{State: Unknown}, g.inner.ForgetMethod(ctx, r)
	})
	return err
}

func (g *guarded) Name() string { return g.inner.Name() }

func (g *guarded) Pay(ctx context.Context, r PayRequest) (Outcome, error) {
	if err := CheckToken(r.Token); err != nil && !g.own {
		return Outcome{}, err
	}
	return guardCall(g, ctx, r, g.inner.Pay)
}

func (g *guarded) Retrieve(ctx context.Context, r LookupRequest) (Outcome, error) {
	return guardCall(g, ctx, r, g.inner.Retrieve)
}

func (g *guarded) Capture(ctx context.Context, r CaptureRequest) (Outcome, error) {
	return guardCall(g, ctx, r, g.inner.Capture)
}

func (g *guarded) Void(ctx context.Context, r VoidRequest) (Outcome, error) {
	return guardCall(g, ctx, r, g.inner.Void)
}

func (g *guarded) Refund(ctx context.Context, r RefundRequest) (Outcome, error) {
	return guardCall(g, ctx, r, g.inner.Refund)
}

func guardCall[R any](g *guarded, ctx context.Context, r R, call func(context.Context, R) (Outcome, error)) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, maxAnswer)
	defer cancel()
	if err := g.enter(ctx); err != nil {
		return Outcome{}, err
	}
	defer func() { <-g.gate }()
	o, err := g.ask(func() (Outcome, error) { return call(ctx, r) })
	if errors.Is(err, errSpared) {
		return Outcome{}, &BusyError{Provider: g.Name(), Err: err}
	}
	o = o.plain()
	if err == nil && !o.State.known() {
		err = errors.New("it answered with the unknown state " + strings.ToValidUTF8(string(o.State), "?"))
	}
	if err == nil {
		err = o.checkWords()
	}
	if err != nil {
		return Outcome{}, &NoAnswerError{Provider: g.Name(), Err: err}
	}
	return o, nil
}

// ask makes a request. What is part of the store itself answers whenever the
// store does.
func (g *guarded) ask(request func() (Outcome, error)) (Outcome, error) {
	if g.own {
		return request()
	}
	return g.call(request)
}

// enter waits for one of the provider's places.
func (g *guarded) enter(ctx context.Context) error {
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	select {
	case g.gate <- struct{}{}:
	case <-ctx.Done():
		return &BusyError{Provider: g.Name(), Err: ctx.Err()}
	}
	if ctx.Err() != nil { // both were ready
		<-g.gate
		return &BusyError{Provider: g.Name(), Err: ctx.Err()}
	}
	return nil
}
