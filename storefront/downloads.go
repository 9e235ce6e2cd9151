package storefront

import (
	"crypto/rand"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/keelshop/commerce/downloads"
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
		out[i] = downloadView{File: f, Key: rand.Text()}
		left, limited := f.Left()
		switch {
		case f.State != downloads.Ready:
			out[i].Note = v.locale.text(downloadTexts[f.State])
		case limited:
			out[i].Note = v.locale.text("%d downloads left", left)
		}
	}
	return out, err
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
	defer got.Body.Close()
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": got.File.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
	http.ServeContent(v.w, v.r, "", time.Time{}, got.Body)
	return nil
}
