package storefront

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
)

// forever is for what has its version in its address.
const forever = "public, max-age=31536000, immutable"

// static serves a file of the theme.
func static(v *visit) error {
	name := v.r.PathValue("file")
	file, ok := v.site.theme.files[name]
	if !ok {
		return errNoPage
	}
	h := v.w.Header()
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		h.Set("Content-Type", kind)
	}
	h.Set("ETag", `"`+file.version+`"`)
	h.Set("Cache-Control", "no-cache")
	if v.r.URL.Query().Get("v") == file.version {
		h.Set("Cache-Control", forever)
	}
	http.ServeContent(v.w, v.r, name, time.Time{}, bytes.NewReader(file.body))
	return nil
}

// media serves a file of the store's assets. What is no picture is offered for
// saving only: the files are the merchant's, who may have them from elsewhere.
func media(v *visit) error {
	id := assets.ID(v.r.PathValue("asset"))
	if id.Check() != nil {
		return errNoPage
	}
	file, err := v.site.shop.Assets.Open(v.ctx(), id)
	if err != nil {
		return err
	}
	defer file.Close()
	// Only of what is there: an ID that somebody made up asks no shard.
	sold, err := v.site.shop.Catalog.ForSale(v.ctx(), id)
	if err != nil {
		return err
	}
	if sold { // buyers have pages of their own
		return errNoPage
	}
	kind, err := kindOf(file)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "reading the file %s", id)
	}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", forever)
	h.Set("ETag", `"`+string(id[:24])+`"`)
	if !strings.HasPrefix(kind, "image/") {
		h.Set("Content-Disposition", "attachment")
	}
	web.ServeFile(v.w, v.r, file)
	return nil
}

// kindOf tells what a file is by its first bytes.
func kindOf(file io.ReadSeeker) (string, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	head = bytes.TrimSpace(head[:n])
	if bytes.HasPrefix(head, []byte("<svg")) || bytes.HasPrefix(head, []byte("<?xml")) && bytes.Contains(head, []byte("<svg")) {
		return "image/svg+xml", nil
	}
	if len(head) > 12 && string(head[4:12]) == "ftypavif" {
		return "image/avif", nil
	}
	if kind := http.DetectContentType(head); strings.HasPrefix(kind, "image/") {
		return kind, nil
	}
	return "application/octet-stream", nil
}
