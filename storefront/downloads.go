package storefront

import (
	"crypto/rand"
	"mime"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/orders"
)

// downloadView is a file as an order's page shows it.
type downloadView struct {
	downloads.File
	Note string // why it cannot be downloaded, or how often it still can
	Key  string // of the next download
}

var downloadTexts = map[downloads.State]string{
	downloads.Waiting: "Ready as soon as it is paid", downloads.UsedUp: "Downloaded as often as possible",
	downloads.Expired: "The time to download it is over", downloads.Withdrawn: "Not available any more",
}

// downloads returns the files of an order.
func (v *visit) downloads(o orders.Order) ([]downloadView, error) {
	if !o.Digital || o.Status != orders.Placed {
		return nil, nil
	}
	all, err := v.site.shop.Downloads.ByOrder(v.ctx(), o.ID)
	out := make([]downloadView, len(all))
	for i, f := range all {
		out[i] = v.downloadView(f)
	}
	return out, err
}

func (v *visit) downloadView(f downloads.File) downloadView {
	out := downloadView{File: f, Key: rand.Text()}
	left, limited := f.Left()
	switch {
	case f.State != downloads.Ready:
		out.Note = v.locale.text(downloadTexts[f.State])
	case limited:
		out.Note = v.locale.text("%d downloads left", left)
	}
	return out
}

// giftCards returns the gift cards of an order that can be paid with. Whoever
// sees the page is the buyer.
func (v *visit) giftCards(o orders.Order) ([]credit.SoldCard, error) {
	if !o.Digital || o.Status != orders.Placed {
		return nil, nil
	}
	all, err := v.site.shop.Credit.Sold(v.ctx(), o.ID)
	return slices.DeleteFunc(all, func(c credit.SoldCard) bool { return c.State != credit.CardIssued }), err
}

// download sends a file of an order. The form has a key: who clicks again goes on
// with the same download.
func download(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	line, lineErr := strconv.Atoi(v.r.PostFormValue("line"))
	file, fileErr := strconv.Atoi(v.r.PostFormValue("file"))
	if lineErr != nil || fileErr != nil {
		return errNoPage
	}
	got, err := v.site.shop.Downloads.Download(v.ctx(), downloads.Download{Order: o.ID, Line: line, File: file, Key: v.r.PostFormValue("key")})
	if err != nil {
		return v.backToOrder(o, err)
	}
	return v.sendFile(got)
}

// linkPage is what a link to a file leads to.
type linkPage struct {
	page
	Download downloadView
	Token    string
}

// showLink is for who got a link to a file, as by e-mail. To look at it is not
// to download: programs that read letters follow links.
func showLink(v *visit) error {
	token := v.r.PathValue("token")
	f, err := v.site.shop.Downloads.ByToken(v.ctx(), seal.Personal(token))
	if err != nil {
		return noLink(err)
	}
	p, err := v.page(v.locale.text("Your download"))
	if err != nil {
		return err
	}
	p.NoIndex, p.Here = true, v.site.Base+"/" // the address is a secret
	return v.show(200, "download", linkPage{page: p, Download: v.downloadView(f), Token: token})
}

func downloadByLink(v *visit) error {
	token := seal.Personal(v.r.PathValue("token"))
	got, err := v.site.shop.Downloads.Download(v.ctx(), downloads.Download{Token: token, Key: v.r.PostFormValue("key")})
	if code := fault.CodeOf(err); code == fault.Refused || code == fault.Conflict {
		return showLink(v) // says why
	} else if err != nil {
		return noLink(err)
	}
	return v.sendFile(got)
}

// noLink tells nobody whether a link has ended or never was one.
func noLink(err error) error {
	if code := fault.CodeOf(err); code == fault.NotFound || code == fault.Invalid {
		return errNoPage
	}
	return err
}

func (v *visit) sendFile(got downloads.Opened) error {
	defer got.Body.Close()
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": got.File.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer")
	web.ServeFile(v.w, v.r, got.Body)
	return nil
}
