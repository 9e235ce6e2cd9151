package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/web"
)

// Conditional is what a change takes that may depend on a version.
type Conditional struct {
	IfMatch string `header:"If-Match" maxLength:"400" doc:"The ETag that the change is made for, or a list of them; it fails with 412 if the thing has changed since."`
}

// version returns the version that the change is made for; 0 is any.
func (c Conditional) version() (int64, error) {
	v, ok := web.VersionOf(c.IfMatch)
	if !ok {
		return 0, &fieldError{"header.If-Match", "is no ETag of this API"}
	}
	return v, nil
}

func (c *Conditional) condition() *Conditional { return c }

// maxTags bounds a list of ETags: the change is tried for each.
const maxTags = 10

// carryOut carries out a request. The key of an uncertain outcome is the one that
// the client can ask again with: that of a single command of several is not.
func carryOut[O any](in any, do func() (*O, error)) (*O, error) {
	out, err := forEachTag(in, do)
	key := keyOf(in).Key
	if unsure, ok := errors.AsType[*command.UncertainError](err); ok && key != "" {
		unsure.Key = key
	}
	return out, err
}

// forEachTag carries out a change for each ETag of its If-Match, until one is the
// version that there is (RFC 9110, 13.1.1). A change for another version does
// nothing, and is kept as refused under a key of its own.
func forEachTag[O any](in any, do func() (*O, error)) (*O, error) {
	c, ok := in.(interface{ condition() *Conditional })
	if !ok || !strings.Contains(c.condition().IfMatch, ",") {
		return do()
	}
	condition := c.condition()
	tags := strings.Split(condition.IfMatch, ",")
	if len(tags) > maxTags {
		return nil, &fieldError{"header.If-Match", "names more than 10 ETags"}
	}
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
		if _, ok := web.VersionOf(tags[i]); !ok || tags[i] == "" || tags[i] == "*" {
			return nil, &fieldError{"header.If-Match", "is no list of ETags of this API"}
		}
	}
	key := keyOf(in)
	key.choose()
	first := key.Key
	defer func() { key.Key = first }()
	var out *O
	var err error
	for i, tag := range tags {
		if condition.IfMatch = tag; i > 0 {
			key.Key = tagKey(first, tag)
		}
		out, err = do()
		if _, stale := errors.AsType[*staleError](err); !stale {
			break
		}
	}
	return out, err
}

// tagKey returns the key for a further ETag of a list. It is a hash, so that it
// is no longer than a client's, however long that and the tag are.
func tagKey(key, tag string) string {
	sum := sha256.Sum256([]byte("If-Match\x00" + tag + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// keyOf returns where the key of a request is; nothing reads it if the route takes
// none.
func keyOf(in any) *Keyed {
	if k, ok := in.(interface{ keyed() *Keyed }); ok {
		return k.keyed()
	}
	return &Keyed{}
}

// choose makes a key for a request that has none and consists of several commands,
// whose keys follow from it: the client is told it if the outcome is uncertain.
func (k *Keyed) choose() {
	if k.Key == "" {
		k.Key = command.NewKey(time.Now())
	}
}

func (k *Keyed) keyed() *Keyed { return k }

// joinTags makes one If-Match of several lines.
func joinTags(r *http.Request) {
	if lines := r.Header.Values("If-Match"); len(lines) > 1 {
		r.Header.Set("If-Match", strings.Join(lines, ", "))
	}
}
