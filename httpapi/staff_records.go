package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/search"
)

// HistoryEntry is one change of a thing of the catalog.
type HistoryEntry struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty" doc:"Who asked for it; missing is the program itself."`
	Kind    string    `json:"kind" example:"product.updated"`
	Fields  []string  `json:"fields" nullable:"false" doc:"What differs; nothing for a new thing."`
}

// Numbering is how orders are numbered.
type Numbering struct {
	Scheme string `json:"scheme" enum:"own,sequence" doc:"own tells nobody how many orders there are; a sequence has no gaps."`
	Prefix string `json:"prefix,omitempty" doc:"Before the numbers of a sequence."`
	Next   int64  `json:"next,omitempty" doc:"The number that the next order of the sequence gets."`
}

// LedgerEntry is one side of a booking.
type LedgerEntry struct {
	Order     string    `json:"order" doc:"Or the balance that it is about."`
	Reference string    `json:"reference,omitempty" doc:"The order's name in another system."`
	Booking   string    `json:"booking" doc:"Its entries sum to nothing. The name is unique within the order."`
	Number    int       `json:"number"`
	Account   string    `json:"account"`
	Amount    Money     `json:"amount" doc:"A debit is above nothing, a credit below."`
	At        time.Time `json:"at"`
}

// AccountBalance is what the entries of an account sum to in a currency.
type AccountBalance struct {
	Account string `json:"account"`
	Amount  Money  `json:"amount"`
}

// Reconciliation is what a comparison with a provider's books came to.
type Reconciliation struct {
	Compared int `json:"compared" doc:"Payments that the provider lists."`
	Learned  int `json:"learned" doc:"Orders of which it knew more, and was believed."`
	Open     int `json:"open" doc:"What they do not agree about: see the discrepancies."`
	Returned int `json:"given_back" doc:"Payments that a restored backup knows nothing of and that were given back."`
}

// Seller is who invoices.
type Seller struct {
	Name    string   `json:"name,omitempty" maxLength:"200"`
	Address []string `json:"address,omitempty" nullable:"false" maxItems:"10"`
	Country string   `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
	TaxID   string   `json:"tax_id,omitempty" maxLength:"50"`
	Contact []string `json:"contact,omitempty" nullable:"false" maxItems:"10"`
	Bank    []string `json:"bank,omitempty" nullable:"false" maxItems:"10"`
	Note    string   `json:"note,omitempty" maxLength:"1000"`
}

// DocumentSettings are how documents are drawn up.
type DocumentSettings struct {
	Seller        Seller `json:"seller"`
	Invoice       string `json:"invoice,omitempty" enum:"payment,shipment" doc:"When an order is invoiced without being asked to; missing is never."`
	InvoicePrefix string `json:"invoice_prefix,omitempty" maxLength:"20"`
	CreditPrefix  string `json:"credit_prefix,omitempty" maxLength:"20"`
}

// ScoreExplained is how a product came to its score for a query.
type ScoreExplained struct {
	Matched  bool        `json:"matched" doc:"False if the query does not find it."`
	Score    float64     `json:"score"`
	Coverage float64     `json:"coverage" doc:"The share of the words that it has, squared."`
	Code     bool        `json:"code" doc:"A code of the product was typed."`
	Boost    float64     `json:"boost" doc:"In percent."`
	Words    []WordScore `json:"words" nullable:"false"`
}

// WordScore is what one word adds to a score.
type WordScore struct {
	Word   string   `json:"word"`
	Term   string   `json:"term,omitempty" doc:"As the product has it; missing if it has not."`
	Why    string   `json:"why,omitempty"`
	Score  float64  `json:"score"`
	Fields []string `json:"fields" nullable:"false"`
}

func (a *api) addStaffRecords() {
	add(a, route{forStaff, "GET", "/staff/history/{subject}", "list-history", "Catalog for staff", "List who changed what about a product, category or another thing of the catalog, the oldest change first", 0, false}, a.listHistory)
	add(a, route{forStaff, "GET", "/staff/numbering", "get-numbering", "Fulfilment", "Get how orders are numbered", 0, false}, a.getNumbering)
	add(a, route{forStaff, "PUT", "/staff/numbering", "set-numbering", "Fulfilment", "Say how orders are numbered that are placed from now on", 0, false}, a.setNumbering)
	add(a, route{forStaff, "GET", "/staff/terms", "get-terms", "Payments", "Get the payment terms on which orders may be placed unpaid", 0, false}, a.getTerms)
	add(a, route{forStaff, "PUT", "/staff/terms", "set-terms", "Payments", "Replace the payment terms; orders keep theirs", 0, false}, a.setTerms)
	add(a, route{forStaff, "GET", "/staff/ledger", "list-ledger", "Payments", "List the bookings of one order", 0, false}, a.listLedger)
	add(a, route{forStaff, "GET", "/staff/ledger/balances", "list-account-balances", "Payments", "List what the accounts stand at", 0, false}, a.listAccounts)
	add(a, route{forStaff, "POST", "/staff/payments/reconciliations", "reconcile-payments", "Payments", "Compare a provider's books with the shop's now", 0, false}, a.reconcile)
	add(a, route{forStaff, "GET", "/staff/documents/settings", "get-document-settings", "Fulfilment", "Get how invoices are drawn up", 0, false}, a.getDocumentSettings)
	add(a, route{forStaff, "PUT", "/staff/documents/settings", "put-document-settings", "Fulfilment", "Say how invoices are drawn up", 0, false}, a.putDocumentSettings)
	add(a, route{forStaff, "POST", "/staff/stock/receipts", "receive-stock-of-many", "Stock", "Book many goods that have arrived, at once", 204, false}, a.receiveMany)
	if a.options.Finder != nil {
		add(a, route{forStaff, "GET", "/staff/search/explanation", "explain-search", "Merchandising", "Explain how a product comes to its place among what is found", 0, false}, a.explainSearch)
	}
}

type listHistoryInput struct {
	Subject string `path:"subject" maxLength:"64" doc:"The ID of the thing."`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many to answer with."`
	After   int64  `query:"after" minimum:"0" doc:"The next of the page before: a version."`
}

func (a *api) listHistory(ctx context.Context, in *listHistoryInput) (*answer[List[HistoryEntry]], error) {
	out := List[HistoryEntry]{Items: []HistoryEntry{}}
	for c, err := range a.shop.Catalog.History(ctx, in.Subject) {
		if err != nil {
			return nil, err
		}
		if c.Version <= in.After {
			continue
		}
		if len(out.Items) == in.Limit {
			out.Next = digits(out.Items[in.Limit-1].Version)
			break
		}
		out.Items = append(out.Items, HistoryEntry{c.Version, c.At, c.Principal, c.Kind, none(c.Fields)})
	}
	return &answer[List[HistoryEntry]]{Body: out}, nil
}

func numberingOr(n orders.Numbering, err error) (*answer[Numbering], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Numbering]{Body: Numbering{string(n.Scheme), n.Prefix, n.Next}}, nil
}

func (a *api) getNumbering(ctx context.Context, _ *struct{}) (*answer[Numbering], error) {
	return numberingOr(a.shop.Orders.Numbering(ctx))
}

type setNumberingInput struct {
	Keyed
	Body struct {
		Scheme string `json:"scheme" enum:"own,sequence"`
		Prefix string `json:"prefix,omitempty" maxLength:"8" doc:"Of A–Z, 0–9, - and /, the last one no digit."`
		First  int64  `json:"first,omitempty" minimum:"0" doc:"The first number of a new sequence; missing is 1."`
	}
}

func (a *api) setNumbering(ctx context.Context, in *setNumberingInput) (*answer[Numbering], error) {
	return numberingOr(a.shop.Orders.SetNumbering(ctx, orders.SetNumbering{
		Scheme: orders.Scheme(in.Body.Scheme), Prefix: in.Body.Prefix, First: in.Body.First, Key: in.Key,
	}))
}

type listLedgerInput struct {
	Order string `query:"order" required:"true" minLength:"1" maxLength:"64" doc:"An order's ID."`
}

func (a *api) listLedger(ctx context.Context, in *listLedgerInput) (*answer[List[LedgerEntry]], error) {
	out := List[LedgerEntry]{Items: []LedgerEntry{}}
	for p, err := range a.shop.Payments.Ledger(ctx, payments.Filter{Order: orders.ID(in.Order)}) {
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, LedgerEntry{
			string(p.Order), p.Reference, p.Txn, p.Number, string(p.Account), moneyOf(p.Amount), time.UnixMilli(p.At).UTC(),
		})
	}
	return &answer[List[LedgerEntry]]{Body: out}, nil
}

func (a *api) listAccounts(ctx context.Context, _ *struct{}) (*answer[List[AccountBalance]], error) {
	all, err := a.shop.Payments.Balances(ctx)
	if err != nil {
		return nil, err
	}
	out := List[AccountBalance]{Items: make([]AccountBalance, len(all))}
	for i, b := range all {
		out.Items[i] = AccountBalance{string(b.Account), moneyOf(b.Amount)}
	}
	return &answer[List[AccountBalance]]{Body: out}, nil
}

type reconcileInput struct {
	Repeatable
	Body struct {
		Provider string    `json:"provider" minLength:"1" maxLength:"64"`
		Since    time.Time `json:"since"`
	}
}

func (a *api) reconcile(ctx context.Context, in *reconcileInput) (*answer[Reconciliation], error) {
	r, err := a.shop.Checkout.Reconcile(ctx, in.Body.Provider, in.Body.Since)
	if err != nil {
		return nil, err
	}
	return &answer[Reconciliation]{Body: Reconciliation{r.Compared, r.Learned, len(r.Open), len(r.GivenBack)}}, nil
}

func documentSettingsOr(s documents.Settings, err error) (*answer[DocumentSettings], error) {
	if err != nil {
		return nil, err
	}
	return &answer[DocumentSettings]{ETag: web.ETag(s.Version, ""), Body: DocumentSettings{
		Seller(s.Seller), string(s.Invoice), s.InvoicePrefix, s.CreditPrefix,
	}}, nil
}

func (a *api) getDocumentSettings(ctx context.Context, _ *struct{}) (*answer[DocumentSettings], error) {
	return documentSettingsOr(a.shop.Documents.Settings(ctx))
}

type putDocumentSettingsInput struct {
	Keyed
	Conditional
	Body DocumentSettings
}

func (a *api) putDocumentSettings(ctx context.Context, in *putDocumentSettingsInput) (*answer[DocumentSettings], error) {
	version, err := in.ofAll()
	if err != nil {
		return nil, err
	}
	s := documents.Settings{
		Seller: documents.Seller(in.Body.Seller), Invoice: documents.When(in.Body.Invoice),
		InvoicePrefix: in.Body.InvoicePrefix, CreditPrefix: in.Body.CreditPrefix,
	}
	s, err = a.shop.Documents.PutSettings(ctx, documents.PutSettings{Settings: s, Version: version, Key: in.Key})
	return documentSettingsOr(s, ifMatched[*documents.VersionError](version, err))
}

// ReceiptLine is one of many goods that have arrived.
type ReceiptLine struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"200"`
	Place    string `json:"place,omitempty" maxLength:"100" doc:"The ID of the place; missing is main."`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000000"`
	Reason   string `json:"reason,omitempty" maxLength:"500" doc:"A delivery note, say."`
}

type receiveManyInput struct {
	Keyed
	Body struct {
		Lines []ReceiptLine `json:"lines" minItems:"1" maxItems:"1000" nullable:"false"`
	}
}

func (a *api) receiveMany(ctx context.Context, in *receiveManyInput) (*struct{}, error) {
	c := inventory.ReceiveMany{Key: in.Key}
	for _, l := range in.Body.Lines {
		c.Lines = append(c.Lines, inventory.Receive{SKU: catalog.SKU(l.SKU), Location: inventory.Location(l.Place), Quantity: l.Quantity, Reason: l.Reason})
	}
	_, err := a.shop.Inventory.ReceiveMany(ctx, c)
	return nil, err
}

type explainSearchInput struct {
	Query    string `query:"q" required:"true" minLength:"1" maxLength:"200"`
	Product  string `query:"product" required:"true" minLength:"1" maxLength:"200" doc:"A product's ID or handle."`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$"`
	Market   string `query:"market" pattern:"^[A-Z]{2}$"`
	Channel  string `query:"channel" maxLength:"100"`
}

func (a *api) explainSearch(ctx context.Context, in *explainSearchInput) (*answer[ScoreExplained], error) {
	p, err := a.findProduct(ctx, in.Product)
	if err != nil {
		return nil, err
	}
	e, err := a.options.Finder.Explain(ctx, search.Query{
		Text: in.Query, Currency: money.Currency(in.Currency), Market: in.Market, Channel: in.Channel,
	}, p.ID)
	if err != nil {
		return nil, err
	}
	out := ScoreExplained{Matched: e.Matched, Score: e.Score, Coverage: e.Coverage, Code: e.Code, Boost: e.Boost, Words: make([]WordScore, len(e.Words))}
	for i, w := range e.Words {
		out.Words[i] = WordScore{Word: w.Word, Term: w.Term, Why: w.Why, Score: w.Score, Fields: []string{}}
		for _, f := range w.Fields {
			out.Words[i].Fields = append(out.Words[i].Fields, f.Field)
		}
	}
	return &answer[ScoreExplained]{Body: out}, nil
}
