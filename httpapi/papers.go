package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/orders"
)

// Document is an invoice or a credit note.
type Document struct {
	ID       string         `json:"id"`
	Kind     string         `json:"kind" enum:"invoice,credit_note"`
	Number   string         `json:"number,omitempty" doc:"Without gaps in its series. Missing for a moment, until the document is issued."`
	IssuedAt *time.Time     `json:"issued_at,omitempty"`
	Of       string         `json:"of,omitempty" doc:"The invoice that a credit note corrects."`
	Net      Money          `json:"net"`
	Tax      Money          `json:"tax"`
	Gross    Money          `json:"gross"`
	Lines    []DocumentLine `json:"lines" nullable:"false"`
}

// DocumentLine is one row of a document.
type DocumentLine struct {
	Kind     string `json:"kind" enum:"goods,shipping,other"`
	SKU      string `json:"sku,omitempty"`
	Title    string `json:"title,omitempty"`
	Quantity int64  `json:"quantity" doc:"0 is a lower price."`
	Net      Money  `json:"net"`
	Tax      Money  `json:"tax"`
	Gross    Money  `json:"gross"`
}

// Moment is something that happened to an order.
type Moment struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" doc:"As in order.placed or return.approved; there may be new ones."`
	Subject string    `json:"subject,omitempty"`
	Units   int64     `json:"units,omitempty"`
	Amount  *Money    `json:"amount,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// Return is goods that a shopper wants to send back or has sent back.
type Return struct {
	ID          string       `json:"id"`
	Order       string       `json:"order"`
	State       string       `json:"state" enum:"requested,approved,rejected,canceled,received"`
	Reason      string       `json:"reason"`
	Note        string       `json:"note,omitempty"`
	Payer       string       `json:"payer,omitempty" enum:"shop,shopper" doc:"Who pays the way back."`
	Lines       []ReturnLine `json:"lines" nullable:"false"`
	RequestedAt time.Time    `json:"requested_at"`
	DecidedAt   *time.Time   `json:"decided_at,omitempty"`
	ReceivedAt  *time.Time   `json:"received_at,omitempty"`
}

// ReturnLine is what of a return is of one line of the order.
type ReturnLine struct {
	Line     int   `json:"line"`
	Quantity int64 `json:"quantity"`
	Received int64 `json:"received"`
	Damaged  int64 `json:"damaged"`
}

func (a *api) addPapers() {
	add(a, route{forOrderOwner, "GET", "/orders/{order}/documents", "list-documents", "Orders", "List an order's invoice and credit notes", 0, false}, a.listDocuments)
	add(a, route{forOrderOwner, "GET", "/orders/{order}/timeline", "get-order-timeline", "Orders", "List what happened to an order", 0, false}, a.getTimeline)
	add(a, route{forOrderOwner, "GET", "/orders/{order}/returns", "list-returns", "Orders", "List an order's returns", 0, false}, a.listReturns)
	add(a, route{forOrderOwner, "POST", "/orders/{order}/returns", "request-return", "Orders", "Ask for goods to be taken back", 0, false}, a.requestReturn)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/documents", "issue-documents", "Fulfilment", "Draw up the documents that an order lacks", 0, false}, a.issueDocuments)
}

func (a *api) listDocuments(ctx context.Context, in *orderFields) (*answer[List[Document]], error) {
	return documentsAnswer(a.shop.Documents.ByOrder(ctx, in.id()))
}

type issueDocumentsInput struct {
	Keyed
	OrderRef
}

func (a *api) issueDocuments(ctx context.Context, in *issueDocumentsInput) (*answer[List[Document]], error) {
	return documentsAnswer(a.shop.Documents.Issue(ctx, in.id()))
}

func documentsAnswer(all []documents.Document, err error) (*answer[List[Document]], error) {
	if err != nil {
		return nil, err
	}
	out := &answer[List[Document]]{Body: List[Document]{Items: make([]Document, len(all))}}
	for i, d := range all {
		out.Body.Items[i] = showDocument(d)
	}
	return out, nil
}

func showDocument(d documents.Document) Document {
	out := Document{
		ID: string(d.ID), Kind: string(d.Kind), Number: d.Number, IssuedAt: timeOr(d.IssuedAt), Of: string(d.Of),
		Net: moneyOf(d.Net), Tax: moneyOf(d.Tax), Gross: moneyOf(d.Gross), Lines: make([]DocumentLine, len(d.Lines)),
	}
	for i, l := range d.Lines {
		out.Lines[i] = DocumentLine{
			Kind: string(l.Kind), SKU: l.SKU, Title: l.Title, Quantity: l.Quantity, Net: moneyOf(l.Net), Tax: moneyOf(l.Tax), Gross: moneyOf(l.Gross),
		}
	}
	return out
}

func (a *api) getTimeline(ctx context.Context, in *orderFields) (*answer[List[Moment]], error) {
	all, err := a.shop.Timeline(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[List[Moment]]{Body: List[Moment]{Items: []Moment{}}}
	for _, m := range orders.ForShoppers(all) {
		view := Moment{At: m.At, Kind: m.Kind, Subject: m.Subject, Units: m.Units, Text: m.Text}
		if m.Amount.IsPositive() {
			amount := moneyOf(m.Amount)
			view.Amount = &amount
		}
		out.Body.Items = append(out.Body.Items, view)
	}
	return out, nil
}

func (a *api) listReturns(ctx context.Context, in *orderFields) (*answer[List[Return]], error) {
	all, err := a.shop.Orders.Returns(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[List[Return]]{Body: List[Return]{Items: make([]Return, len(all))}}
	for i, r := range all {
		out.Body.Items[i] = showReturn(r)
	}
	return out, nil
}

type requestReturnInput struct {
	Keyed
	OrderRef
	Body struct {
		Lines  []LineQuantity `json:"lines" minItems:"1" maxItems:"2000" nullable:"false"`
		Reason string         `json:"reason" enum:"changed_mind,too_small,too_large,not_as_described,damaged,wrong_item,late,other"`
	}
}

func (a *api) requestReturn(ctx context.Context, in *requestReturnInput) (*answer[Return], error) {
	r, err := a.shop.Orders.RequestReturn(ctx, orders.RequestReturn{
		Order: in.id(), Lines: quantitiesOf(in.Body.Lines), Reason: orders.ReturnReason(in.Body.Reason), Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return &answer[Return]{Body: showReturn(r)}, nil
}

func showReturn(r orders.RMA) Return {
	out := Return{
		ID: r.ID, Order: string(r.Order), State: string(r.State), Reason: r.Reason, Note: r.Note, Payer: string(r.Payer),
		Lines: make([]ReturnLine, len(r.Lines)), RequestedAt: r.RequestedAt, DecidedAt: timeOr(r.DecidedAt), ReceivedAt: timeOr(r.ReceivedAt),
	}
	for i, l := range r.Lines {
		out.Lines[i] = ReturnLine{Line: l.Line, Quantity: l.Quantity, Received: l.Received, Damaged: l.Damaged}
	}
	return out
}
