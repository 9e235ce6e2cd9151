package storefront

import (
	"net/http"

	"github.com/keelshop/commerce/internal/web"
)

// guard bounds what visitors may do.
type guard struct {
	shed    *web.Shedder
	secret  *web.Limiter
	address *web.Limiter // of those who pay
	account *web.Limiter // of those who pay
	busy    map[*locale][]byte
}

func (s *site) newGuard() (guard, error) {
	g := guard{
		shed:    web.NewShedder(s.AtOnce, s.Patience, s.turnAway),
		secret:  web.NewLimiter("secret", s.PerSecret, s.turnAway),
		address: web.NewLimiter("payment", s.PerPayment, s.turnAway),
		account: web.NewLimiter("account", s.PerPayment, s.turnAway),
		busy:    map[*locale][]byte{},
	}
	for _, l := range s.locales {
		title := l.text(errorTitles[http.StatusServiceUnavailable])
		body, err := s.theme.render(l, "error", errorPage{Status: http.StatusServiceUnavailable, page: page{
			Shop: s.Name, Title: title, NoIndex: true, Public: true, Locale: l, Locales: s.locales, Currency: s.Currencies[0], Currencies: s.Currencies, Here: s.Base + "/",
		}})
		if err != nil {
			return guard{}, err
		}
		g.busy[l] = body
	}
	return g, nil
}

// turnAway is the web.Refuse for those who come too often and for when there is
// too much to do. It must cost next to nothing: the page is made beforehand.
func (s *site) turnAway(w http.ResponseWriter, r *http.Request, status int, _ error) {
	l := s.localeOf(r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", l.Code)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(s.guard.busy[l]) // the browser has gone if this fails
}

// secretly bounds how often an address tries something that can be guessed.
func secretly(h func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if !v.site.guard.secret.Allow(v.w, v.r, v.network()) {
			return nil
		}
		return h(v)
	}
}

// giftSecretly bounds it like that to come with the code of a gift card: it is in
// a cookie, which anybody can write, and the page says whether it pays.
func giftSecretly(h func(*visit) error) func(*visit) error {
	bounded := secretly(h)
	return func(v *visit) error {
		if v.cookie(cookieGift) != "" {
			return bounded(v)
		}
		return h(v)
	}
}

// paying bounds how often an address, and a customer, tries to pay.
func paying(h func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		g := v.site.guard
		if !g.address.Allow(v.w, v.r, v.network()) || !g.account.Allow(v.w, v.r, string(v.customer)) {
			return nil
		}
		return h(v)
	}
}

func (v *visit) network() string { return web.Network(web.Proxies(v.site.Proxies).Client(v.r)) }

// served tells the log and the program of requests.
func (s *site) served() func(*http.Request, Served) {
	log := web.LogTo(s.Logger)
	if s.Observe == nil {
		return log
	}
	return func(r *http.Request, served Served) {
		log(r, served)
		s.Observe(r, served)
	}
}
