package httpapi

import (
	"context"
	"errors"
	"mime"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/orders"
)

// Download is a file that a buyer may download.
type Download struct {
	Line  int        `json:"line" doc:"Of the order, from 1."`
	File  int        `json:"file" doc:"Of the line, from 1."`
	SKU   string     `json:"sku"`
	Title string     `json:"title"`
	Name  string     `json:"name" doc:"As it is saved, such as manual.pdf."`
	State string     `json:"state" enum:"waiting,ready,used_up,expired,withdrawn"`
	Limit int64      `json:"limit,omitempty" doc:"How often it may be downloaded in all; missing is without limit."`
	Used  int64      `json:"used" doc:"How often it was."`
	Until *time.Time `json:"until,omitempty" doc:"When that ends; missing is never, or not known before it is delivered."`
}

// DownloadLink leads to a file.
type DownloadLink struct {
	Download
	Token string `json:"token" doc:"A secret that the shop does not keep. Whoever has it may download the file."`
	URL   string `json:"url"`
}

// DownloadSettings are how files are handed over.
type DownloadSettings struct {
	ByStaff bool  `json:"by_staff" doc:"Staff deliver; otherwise the store does it once an order is paid."`
	Version int64 `json:"version"`
}

func (a *api) addDownloads() {
	add(a, route{forOrderOwner, "GET", "/orders/{order}/downloads", "list-downloads", "Orders", "List the files of an order's digital goods", 0, false}, a.listDownloads)
	add(a, route{forOrderOwner, "POST", "/orders/{order}/downloads", "link-download", "Orders", "Make a link to download a file", 201, false}, a.linkDownload)
	add(a, route{forCartHolder, "GET", "/carts/{cart}/order/downloads", "list-downloads-of-cart", "Checkout", "List the files of the digital goods that were bought with a cart", 0, false}, a.listDownloadsOfCart)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/order/downloads", "link-download-of-cart", "Checkout", "Make a link to download a file that was bought with a cart", 201, false}, a.linkDownloadOfCart)
	add(a, route{forAnyone, "GET", "/downloads/{token}", "get-download", "Orders", "Get what a link leads to", 0, false}, a.getDownload)
	add(a, route{forAnyone, "POST", "/downloads/{token}", "download", "Orders", "Download a file by its link", 0, false}, a.download)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/deliveries", "deliver-order", "Fulfilment", "Hand the files of a paid order over", 0, false}, a.deliverOrder)
	add(a, route{forStaff, "GET", "/staff/downloads/settings", "get-download-settings", "Fulfilment", "Get how files are handed over", 0, false}, a.getDownloadSettings)
	add(a, route{forStaff, "PUT", "/staff/downloads/settings", "put-download-settings", "Fulfilment", "Say how files are handed over", 0, false}, a.putDownloadSettings)
}

func (a *api) listDownloads(ctx context.Context, in *orderFields) (*answer[List[Download]], error) {
	return a.downloadsOf(ctx, in.id())
}

type cartOnly struct {
	CartRef
}

func (a *api) listDownloadsOfCart(ctx context.Context, in *cartOnly) (*answer[List[Download]], error) {
	o, err := a.orderOf(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return a.downloadsOf(ctx, o)
}

func (a *api) downloadsOf(ctx context.Context, o orders.ID) (*answer[List[Download]], error) {
	all, err := a.shop.Downloads.ByOrder(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &answer[List[Download]]{Body: List[Download]{Items: make([]Download, len(all))}}
	for i, f := range all {
		out.Body.Items[i] = showDownload(f)
	}
	return out, nil
}

// FileRef names a file of an order.
type FileRef struct {
	Line int `json:"line" minimum:"1" maximum:"10000"`
	File int `json:"file" minimum:"1" maximum:"100"`
}

type linkDownloadInput struct {
	Keyed
	OrderRef
	Body FileRef
}

func (a *api) linkDownload(ctx context.Context, in *linkDownloadInput) (*answer[DownloadLink], error) {
	return a.link(ctx, in.id(), in.Body, in.Key)
}

type linkDownloadOfCartInput struct {
	Keyed
	CartRef
	Body FileRef
}

func (a *api) linkDownloadOfCart(ctx context.Context, in *linkDownloadOfCartInput) (*answer[DownloadLink], error) {
	o, err := a.orderOf(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return a.link(ctx, o, in.Body, in.Key)
}

func (a *api) link(ctx context.Context, o orders.ID, f FileRef, key string) (*answer[DownloadLink], error) {
	l, err := a.shop.Downloads.Link(ctx, downloads.Link{Order: o, Line: f.Line, File: f.File, Key: key})
	if err != nil {
		return nil, err
	}
	address := a.options.Prefix + "/downloads/" + url.PathEscape(l.Token.Reveal())
	return &answer[DownloadLink]{Location: address, Body: DownloadLink{Download: showDownload(l.File), Token: l.Token.Reveal(), URL: address}}, nil
}

// TokenRef names a link.
type TokenRef struct {
	Token string `path:"token" maxLength:"100"`
}

type getDownloadInput struct {
	TokenRef
}

func (a *api) getDownload(ctx context.Context, in *getDownloadInput) (*answer[Download], error) {
	f, err := a.shop.Downloads.ByToken(ctx, seal.Personal(in.Token))
	if err != nil {
		return nil, err
	}
	return &answer[Download]{Body: showDownload(f)}, nil
}

// downloadInput has a key, as all that changes something: with the same one the
// same download goes on, also in parts (Range), for an hour.
type downloadInput struct {
	Keyed
	TokenRef
}

func (a *api) download(ctx context.Context, in *downloadInput) (*fileAnswer, error) {
	got, err := a.shop.Downloads.Download(ctx, downloads.Download{Token: seal.Personal(in.Token), Key: in.Key})
	if err != nil {
		return nil, err
	}
	kind, err := web.MediaType(got.Body)
	if err != nil {
		return nil, errors.Join(err, got.Body.Close())
	}
	return &fileAnswer{Body: func(hc huma.Context) {
		defer got.Body.Close()
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("ETag", `"`+string(got.File.Asset[:32])+`"`)
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": got.File.Name}))
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		h.Set("Referrer-Policy", "no-referrer")
		web.ServeFile(w, r, got.Body)
	}}, nil
}

type deliverOrderInput struct {
	OrderChange
}

func (a *api) deliverOrder(ctx context.Context, in *deliverOrderInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	o, err := a.shop.Orders.Deliver(ctx, orders.Deliver{Order: in.id(), Version: version, Key: in.Key})
	return orderOr(o, version, err)
}

func (a *api) getDownloadSettings(ctx context.Context, _ *struct{}) (*answer[DownloadSettings], error) {
	return settingsAnswer(a.shop.Downloads.Settings(ctx))
}

type putDownloadSettingsInput struct {
	Keyed
	Body struct {
		ByStaff bool `json:"by_staff"`
	}
}

func (a *api) putDownloadSettings(ctx context.Context, in *putDownloadSettingsInput) (*answer[DownloadSettings], error) {
	return settingsAnswer(a.shop.Downloads.PutSettings(ctx, downloads.PutSettings{ByStaff: in.Body.ByStaff, Key: in.Key}))
}

func settingsAnswer(s downloads.Settings, err error) (*answer[DownloadSettings], error) {
	if err != nil {
		return nil, err
	}
	return &answer[DownloadSettings]{Body: DownloadSettings{ByStaff: s.ByStaff, Version: s.Version}}, nil
}

func showDownload(f downloads.File) Download {
	return Download{
		Line: f.Line, File: f.File, SKU: string(f.SKU), Title: f.Title, Name: f.Name,
		State: string(f.State), Limit: f.Limit, Used: f.Used, Until: timeOr(f.Until),
	}
}
