package storefront

import (
	"errors"
	"net/http"

	"github.com/keelshop/commerce/internal/web"
)

// fail answers with a page that says what can be done.
func (v *visit) fail(err error) {
	status := statusOf(err)
	if status >= 500 && v.ctx().Err() == nil {
		v.site.Logger.Error("a page could not be made", "route", v.r.Pattern, "error", web.Keyless(err))
	}
	p, pageErr := v.page(v.locale.text(errorTitles[status]))
	if pageErr != nil { // the catalog cannot be read: a page without it
		p = page{Shop: v.site.Name, Title: v.locale.text(errorTitles[status]), Locale: v.locale, Locales: v.site.locales,
			Currency: v.currency, Currencies: v.site.Currencies, Here: v.site.Base + "/"}
	}
	p.NoIndex = true
	v.w.Header().Del("ETag")
	if err := v.show(status, "error", errorPage{page: p, Status: status}); err != nil {
		v.site.Logger.Error("the page for errors could not be made", "error", err)
		http.Error(v.w, http.StatusText(status), status)
	}
}

// refuse is the web.Refuse of a storefront.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	v := &visit{site: s, w: w, r: r, locale: s.localeOf(r), currency: s.Currencies[0], public: true}
	v.fail(&refusal{status, err})
}

// refusal is an error whose status is known.
type refusal struct {
	status int
	error
}

func (e *refusal) Unwrap() error { return e.error }

type errorPage struct {
	page
	Status int
}

var errorTitles = map[int]string{
	http.StatusBadRequest: "That did not work", http.StatusNotFound: "Page not found", http.StatusConflict: "Something has changed",
	http.StatusForbidden: "That did not work", http.StatusMethodNotAllowed: "That did not work", http.StatusUnprocessableEntity: "That did not work", http.StatusRequestEntityTooLarge: "That did not work",
	http.StatusTooManyRequests: "One moment, please", http.StatusServiceUnavailable: "One moment, please", http.StatusBadGateway: "One moment, please", http.StatusInternalServerError: "Something went wrong",
}

func statusOf(err error) int {
	if e, ok := errors.AsType[*refusal](err); ok && errorTitles[e.status] != "" {
		return e.status
	}
	return web.PageStatus(err)
}
