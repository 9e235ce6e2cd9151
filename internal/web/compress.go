package web

import (
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// minCompressed is the smallest body worth compressing: it and its headers
// should not fit into one packet anyway.
const minCompressed = 1024

// Compress answers in zstd or gzip where the client takes it and the body is
// text that is worth it. Strong ETags get a suffix, since the bytes differ:
// MatchETag knows it.
func Compress() (Middleware, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minCompressed), gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.EnableZstd(true), gzhttp.PreferZstd(true), gzhttp.SuffixETag(etagSuffix))
	if err != nil {
		return nil, fmt.Errorf("setting up compression: %w", err)
	}
	return func(next http.Handler) http.Handler { return wrap(next) }, nil
}
