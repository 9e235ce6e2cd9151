package simulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Pages says where the simulator's own pages are and whom they tell.
type Pages struct {
	// Path is where the handler is mounted, as in /simulator.
	Path string
	// Return is where a browser goes after 3-D Secure. The order's ID is put
	// behind it, as in /orders/.
	Return string
	// Notify is told of orders whose payment may have changed, as by a
	// webhook, before the browser returns. It may be nil.
	Notify func(ctx context.Context, order string) error
}

//go:embed pages.html
var pagesHTML string

//go:embed pages.css
var pagesCSS string

// Handler returns what a provider shows in a shopper's browser:
//
//	GET  PATH/card      the field for the card, to be shown in a frame
//	POST PATH/card      turns a public test number into a token
//	GET  PATH/3ds/KEY   the bank's question of 3-D Secure
//	POST PATH/3ds/KEY   the shopper's answer
//
// The field is asked for with the query return=/path/in/the/shop. There the
// browser arrives with token and card (the last four digits) in the query: the
// card's number does not leave these pages. Make the simulator with WithURL.
func (s *Simulator) Handler(p Pages) http.Handler {
	h := &pages{sim: s, Pages: p, html: template.Must(template.New("pages").Parse(pagesHTML))}
	sum := sha256.Sum256([]byte(pagesCSS))
	h.policy = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+p.Path+"/card", h.card)
	mux.HandleFunc("POST "+p.Path+"/card", h.tokenize)
	mux.HandleFunc("GET "+p.Path+"/3ds/{key}", h.question)
	mux.HandleFunc("POST "+p.Path+"/3ds/{key}", h.answer)
	return mux
}

type pages struct {
	Pages
	sim    *Simulator
	html   *template.Template
	policy string
}

// page is what the templates show.
type page struct {
	Path, Return, Key, Error, Language string
	Text                               map[string]string
	CSS                                template.CSS
	Cards                              []sampleCard
	asked                              money.Amount
	Amount                             string
}

// sampleCard is a button that fills in a test number.
type sampleCard struct{ Number, Does string }

func (h *pages) card(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusOK, "card", page{Return: local(r.FormValue("return"))})
}

func (h *pages) tokenize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	number := r.PostFormValue("test")
	if number == "" {
		number = r.PostFormValue("number")
	}
	back := local(r.PostFormValue("return"))
	token, ok := Token(number)
	if !ok {
		h.show(w, r, http.StatusUnprocessableEntity, "card", page{Return: back, Error: "unknown"})
		return
	}
	q := url.Values{"token": {token}, "card": {number[len(number)-4:]}}
	to := back + "?" + q.Encode()
	if strings.Contains(back, "?") {
		to = back + "&" + q.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (h *pages) question(w http.ResponseWriter, r *http.Request) {
	charge, ok := h.sim.Charge(r.PathValue("key"))
	if !ok || charge.State != payments.NeedsAction {
		h.show(w, r, http.StatusNotFound, "gone", page{})
		return
	}
	h.show(w, r, http.StatusOK, "3ds", page{Key: charge.Key, asked: charge.Asked})
}

// answer may come twice, from a shopper who pressed twice. The first counts.
func (h *pages) answer(w http.ResponseWriter, r *http.Request) {
	charge, ok := h.sim.Charge(r.PathValue("key"))
	if !ok {
		h.show(w, r, http.StatusNotFound, "gone", page{})
		return
	}
	if charge.State == payments.NeedsAction {
		_ = h.sim.Confirm(charge.Key, r.PostFormValue("answer") == "yes") // fails only if it was answered meanwhile
	}
	if h.Notify != nil {
		// If the shop cannot be told now, it asks by itself a little later.
		_ = h.Notify(r.Context(), charge.Order)
	}
	http.Redirect(w, r, h.Return+url.PathEscape(charge.Order), http.StatusSeeOther)
}

func (h *pages) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Path, p.CSS, p.Language = h.Path, template.CSS(pagesCSS), "en"
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "de") || r.FormValue("lang") == "de" {
		p.Language = "de"
	}
	p.Text = pageTexts[p.Language]
	p.Cards = []sampleCard{
		{"4242 4242 4242 4242", p.Text["approves"]}, {"4000 0000 0000 0002", p.Text["declines"]}, {"4000 0027 6000 3184", p.Text["asks"]},
	}
	p.Error = p.Text[p.Error]
	if p.Amount = p.asked.String(); p.Language == "de" {
		p.Amount = strings.Replace(p.Amount, ".", ",", 1)
	}
	var body bytes.Buffer
	if err := h.html.ExecuteTemplate(&body, name, p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", h.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "SAMEORIGIN")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // the browser has gone if this fails
}

// local returns a path on this site, and "/" for anything else: a browser must
// not be sent to wherever a link says.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

var pageTexts = map[string]map[string]string{
	"en": {
		"title": "Card", "number": "Card number", "expiry": "Valid until", "cvc": "Security code", "use": "Use this card", "try": "Or try a test card",
		"approves": "is approved", "declines": "is declined", "asks": "asks for 3-D Secure",
		"unknown": "This is a simulated bank and knows public test numbers only, such as 4242 4242 4242 4242.",
		"note":    "Simulated payment: no money moves.", "bank": "Your bank", "ask": "Do you want to pay this amount?", "yes": "Yes, pay", "no": "No, decline",
		"gone": "There is no payment to confirm here.",
	},
	"de": {
		"title": "Karte", "number": "Kartennummer", "expiry": "Gültig bis", "cvc": "Prüfnummer", "use": "Diese Karte verwenden", "try": "Oder eine Testkarte ausprobieren",
		"approves": "wird angenommen", "declines": "wird abgelehnt", "asks": "fragt nach 3-D Secure",
		"unknown": "Dies ist eine simulierte Bank. Sie kennt nur öffentliche Testnummern wie 4242 4242 4242 4242.",
		"note":    "Simulierte Zahlung: Es fließt kein Geld.", "bank": "Deine Bank", "ask": "Möchtest du diesen Betrag zahlen?", "yes": "Ja, zahlen", "no": "Nein, ablehnen",
		"gone": "Hier gibt es keine Zahlung zu bestätigen.",
	},
}
