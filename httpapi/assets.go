package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/internal/web"
)

// maxAsset bounds an upload, in bytes.
const maxAsset = 32 << 20

// Asset is a file of the shop.
type Asset struct {
	ID  string `json:"id" doc:"The SHA-256 of its content."`
	URL string `json:"url"`
}

func (a *api) addAssets() {
	add(a, route{forAll, "GET", "/assets/{asset}", "get-asset", "Catalog", "Get a picture or another file", 0, false}, a.getAsset)
	add(a, route{forStaff, "POST", uploads, "upload-asset", "Catalog for staff", "Store a picture or another file: its bytes are the body", 201, false}, a.uploadAsset)
}

type getAssetInput struct {
	Asset string `path:"asset" pattern:"^[0-9a-f]{64}$"`
}

// fileAnswer writes a file itself: ranges and conditional requests are
// net/http's.
type fileAnswer struct {
	Body func(huma.Context)
}

func (a *api) getAsset(ctx context.Context, in *getAssetInput) (*fileAnswer, error) {
	file, err := a.shop.Assets.Open(ctx, assets.ID(in.Asset))
	if err != nil {
		return nil, err
	}
	// Only of what is there: an ID that somebody made up asks no shard.
	sold, err := a.shop.Catalog.ForSale(ctx, assets.ID(in.Asset))
	if err == nil && sold { // buyers have routes of their own
		err = &assets.NotFoundError{ID: assets.ID(in.Asset)}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	kind, err := web.MediaType(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileAnswer{Body: func(hc huma.Context) {
		defer file.Close()
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("ETag", `"`+in.Asset[:32]+`"`)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Type", kind)
		// A picture may be a program: SVG. On its own it may load and run nothing.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		web.ServeFile(w, r, file)
	}}, nil
}

// uploadInput hands the body over as it arrives.
type uploadInput struct {
	Repeatable
	body io.Reader
}

// Resolve is for huma.
func (u *uploadInput) Resolve(hc huma.Context) []error {
	r, w := humago.Unwrap(hc)
	u.body = web.LongBody(w, r, maxAsset)
	return nil
}

func (a *api) uploadAsset(ctx context.Context, in *uploadInput) (*answer[Asset], error) {
	id, err := a.shop.Assets.Put(ctx, in.body)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &bodyError{http.StatusRequestEntityTooLarge, "body", "a file may have 32 MiB at most"}
	}
	if err != nil {
		return nil, err
	}
	url := a.options.Prefix + "/assets/" + string(id)
	return &answer[Asset]{Location: url, Body: Asset{string(id), url}}, nil
}
