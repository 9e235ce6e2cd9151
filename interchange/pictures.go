package interchange

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// maxPicture bounds a picture.
const maxPicture = 20 << 20

// PicturesFromFiles returns an Options.Picture that reads pictures by their
// names from a file system.
func PicturesFromFiles(to assets.Store, files fs.FS) func(context.Context, string) (assets.ID, error) {
	return func(ctx context.Context, name string) (assets.ID, error) {
		f, err := files.Open(strings.TrimPrefix(name, "/"))
		if err != nil {
			return "", err
		}
		defer f.Close()
		return store(ctx, to, f)
	}
}

// store keeps what is a picture by its first bytes.
func store(ctx context.Context, to assets.Store, from io.Reader) (assets.ID, error) {
	b, err := io.ReadAll(io.LimitReader(from, maxPicture+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxPicture {
		return "", fault.New(fault.Invalid, "it is larger than %d bytes", maxPicture)
	}
	if kind := http.DetectContentType(b); !strings.HasPrefix(kind, "image/") {
		return "", fault.New(fault.Invalid, "it is %s, no picture", kind)
	}
	return to.Put(ctx, bytes.NewReader(b))
}
