package admin

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
)

// Bounds of what is sent: forms, and those with a picture.
const (
	mostForm    = 256 << 10
	mostPicture = 16 << 20
)

// limitBody lets forms with a picture be longer than others.
func (s *site) limitBody(next http.Handler) http.Handler {
	forms, pictures := web.LimitBody(mostForm, s.refuse)(next), web.LimitBody(mostPicture, s.refuse)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/pictures") {
			pictures.ServeHTTP(w, r)
			return
		}
		forms.ServeHTTP(w, r)
	})
}

// addPicture stores a picture and puts it behind the others of a product.
func addPicture(v *visit) error {
	if err := v.r.ParseMultipartForm(1 << 20); err != nil {
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			return err
		}
		return fault.Wrap(fault.Invalid, err, "reading the picture")
	}
	defer v.r.MultipartForm.RemoveAll()
	f, err := v.form()
	if err != nil {
		return err
	}
	version, err := v.version()
	if err != nil {
		return err
	}
	if f.Value("alt") == "" {
		f.wrong("alt", "Say what it shows, for those who do not see it.")
	}
	file, _, err := v.r.FormFile("picture")
	if err != nil {
		f.wrong("picture", "Choose a file.")
		return v.showProduct(422, f)
	}
	defer file.Close()
	kind, err := pictureKind(file)
	if err != nil {
		return err
	}
	if kind == "" {
		f.wrong("picture", "This is no picture: JPEG, PNG, WebP, GIF and SVG are.")
	}
	if len(f.wrongs) > 0 {
		return v.showProduct(422, f)
	}
	asset, err := v.site.shop.Assets.Put(v.ctx(), file)
	if err != nil {
		return err
	}
	p, err := v.site.shop.Catalog.Get(v.ctx(), catalog.ProductID(v.r.PathValue("product")))
	if err != nil {
		return err
	}
	shown := slices.ContainsFunc(p.Media, func(m catalog.Media) bool { return m.Asset == asset && m.Alt == f.Value("alt") })
	if !shown { // or the form was sent twice
		put := p.Put()
		put.Version, put.Key = version, v.key()
		put.Media = append(slices.Clone(put.Media), catalog.Media{Asset: asset, Alt: f.Value("alt")})
		if _, err := v.site.shop.Catalog.PutProduct(v.ctx(), put); err != nil {
			return err
		}
	}
	return v.done("/products/"+string(p.ID), "saved")
}

// pictureKind returns the media type of a picture by its first bytes, "" if it
// is none.
func pictureKind(file io.ReadSeeker) (string, error) {
	kind, err := web.MediaType(file)
	if err != nil || !strings.HasPrefix(kind, "image/") {
		return "", err
	}
	return kind, nil
}

// showPicture serves a picture to staff. SVG is a program: on its own it may
// load and run nothing.
func showPicture(v *visit) error {
	file, err := v.site.shop.Assets.Open(v.ctx(), assets.ID(v.r.PathValue("asset")))
	if err != nil {
		return err
	}
	defer file.Close()
	kind, err := pictureKind(file)
	if err != nil {
		return err
	}
	if kind == "" {
		return errNoPage
	}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	web.ServeFile(v.w, v.r, file)
	return nil
}
