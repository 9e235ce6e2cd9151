package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
)

// visit is one request of a member of the staff.
type visit struct {
	site  *site
	w     http.ResponseWriter
	r     *http.Request
	staff accounts.CustomerID // "" is nobody who may
}

// visitor adapts a page to net/http: it finds out who asks, and turns errors
// into pages.
func (s *site) visitor(route string, h func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		web.SetRoute(r.Context(), route)
		if route != staticRoute {
			running, ok := s.admit(route, w, r)
			if !ok {
				return
			}
			defer running.Done()
		}
		v := &visit{site: s, w: w, r: r}
		v.readPosition()
		err := v.identify()
		if err == nil {
			v.r = v.r.WithContext(commerce.AsStaff(v.ctx(), "staff "+string(v.staff)))
			err = h(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// admit lets a request go on that there is room for. What it brings is read
// before: who sends slowly takes up no place.
func (s *site) admit(route string, w http.ResponseWriter, r *http.Request) (*web.Admission, bool) {
	if route == pictureRoute {
		r.Body = io.NopCloser(web.LongBody(w, r, mostPicture))
	} else {
		if _, err := web.ReadBody(w, r, mostForm); err != nil {
			s.refuse(w, r, web.PageStatus(err), err)
			return nil, false
		}
	}
	return s.shed.Admit(w, r, r.Method == http.MethodPost)
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// identify finds out who asks. Nobody is no error: they are asked to log in.
func (v *visit) identify() (err error) {
	if v.site.Staff != nil {
		v.staff, err = v.site.Staff(v.r)
		return err
	}
	c, err := v.r.Cookie(v.site.cookieName())
	if err != nil {
		return nil
	}
	session, err := v.site.shop.Accounts.Session(v.ctx(), commerce.Personal(c.Value))
	if _, ended := errors.AsType[*accounts.NoSessionError](err); ended {
		return nil
	}
	if err == nil && session.Staff {
		v.staff = session.Customer
	}
	return err
}

// page is what every template is shown. Pages embed it.
type page struct {
	Shop, Title string
	Section     string // the part of the menu
	Staff       bool
	LogOut      bool   // there is a session to end
	Backups     bool   // there is a page of them
	Note        string // what has just happened
	Key         string // of the forms of this page: see visit.key
}

func (v *visit) page(title, section string) page {
	return page{
		Shop: v.site.Name, Title: title, Section: section, Staff: v.staff != "", LogOut: v.site.Staff == nil, Backups: v.site.Backups != nil,
		Note: notes[v.r.URL.Query().Get("done")], Key: rand.Text(),
	}
}

// notes are what pages say after a change.
var notes = map[string]string{
	"shipped": "The shipment is recorded.", "canceled": "The order is canceled; its money is on the way back.",
	"returned": "The return is recorded; its refund is on the way.", "refunded": "The refund is on the way.",
	"dropped": "The units are canceled; what was paid for them is on the way back.", "received": "What came back is recorded.",
	"changed":  "The order is changed.",
	"issued":   "The documents are drawn up.",
	"captured": "The money was taken.", "saved": "Saved.", "stocked": "The stock is corrected.",
	"sent":  "The goods are on their way.",
	"ended": "All sessions of the customer have ended.", "erased": "The customer's personal data is erased.",
}

// key returns the idempotency key of the form that was sent.
func (v *visit) key() string { return v.r.PostFormValue("key") }

// show renders a page. Nobody keeps it: it is for staff only.
func (v *visit) show(status int, name string, data any) error {
	body, err := v.site.pages.render(name, data)
	if err != nil {
		return err
	}
	v.keepPosition()
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body) // the browser has gone if this fails
	return nil
}

// done sends the browser to a page that says what has happened.
func (v *visit) done(path, note string) error {
	v.keepPosition()
	if note != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "done=" + url.QueryEscape(note)
	}
	http.Redirect(v.w, v.r, v.site.Base+path, http.StatusSeeOther)
	return nil
}

type errorPage struct {
	page
	Message string
}

// fail answers with a page that says what is wrong. Staff see the store's own
// words, which carry no personal data.
func (v *visit) fail(err error) {
	status := statusOf(err)
	_, known := errors.AsType[*refusal](err) // is in the log already, or deliberate
	if status >= 500 && v.ctx().Err() == nil && !known {
		v.site.Logger.Error("a page could not be made", "route", v.r.Pattern, "error", err)
	}
	data := errorPage{page: v.page(http.StatusText(status), ""), Message: pan.Masked(err.Error())}
	if status == http.StatusInternalServerError || status > 500 && v.staff == "" {
		data.Message = "The store could not do that. The program's log says more."
	}
	if err := v.show(status, "error", data); err != nil {
		v.site.Logger.Error("the page for errors could not be made", "error", err)
		http.Error(v.w, http.StatusText(status), status)
	}
}

// refuse is the web.Refuse of the pages.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	v := &visit{site: s, w: w, r: r}
	v.fail(&refusal{status, err})
}

// refusal is an error whose status is known.
type refusal struct {
	status int
	error
}

func (e *refusal) Unwrap() error { return e.error }

func statusOf(err error) int {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e.status
	}
	return web.PageStatus(err)
}

// query reads rows of the store's views.
func (v *visit) query(sql string, args ...any) ([]map[string]any, error) {
	var out []map[string]any
	for row, err := range v.site.shop.Query(v.ctx(), sql, args...) {
		if err != nil {
			return nil, fmt.Errorf("reading the list: %w", err)
		}
		m := make(map[string]any, len(row.Columns))
		for i, c := range row.Columns {
			m[c] = row.Values[i]
		}
		out = append(out, m)
	}
	return out, nil
}
