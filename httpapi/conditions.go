package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
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

// ofAll is version for settings and rules, which are at version 0 until something
// is put.
func (c Conditional) ofAll() (int64, error) {
	if c.IfMatch != "" && strings.TrimSpace(c.IfMatch) != "*" && web.MatchETag(c.IfMatch, web.ETag(0, "")) {
		return command.AtStart, nil
	}
	return c.version()
}

func (c *Conditional) condition() *Conditional { return c }

// Creating is what a PUT takes that makes what its path names, or replaces it.
type Creating struct {
	Conditional
	IfNoneMatch string `header:"If-None-Match" maxLength:"400" doc:"* makes it only if it is not there yet; it fails with 412 otherwise."`
}

// version returns the version that the change is made for, command.OnlyNew or
// command.OnlyThere; 0 is any.
func (c Creating) version() (int64, error) {
	none, match := strings.TrimSpace(c.IfNoneMatch), strings.TrimSpace(c.IfMatch)
	switch {
	case none == "" && match == "*":
		return command.OnlyThere, nil
	case none == "":
		return c.Conditional.version()
	case none != "*":
		return 0, &fieldError{"header.If-None-Match", "is * for a change, to make what is not there: a version goes into If-Match"}
	case match != "":
		return 0, &fieldError{"header.If-None-Match", "cannot hold together with If-Match"}
	}
	return command.OnlyNew, nil
}

// ofAll is version for a rule, which shares its version with all others.
func (c Creating) ofAll() (int64, error) {
	if of, err := c.Conditional.ofAll(); of == command.AtStart && c.IfNoneMatch == "" {
		return of, err
	}
	return c.version()
}

// unversioned is version for what has no versions: no ETag can be its own.
func (c Creating) unversioned() (int64, error) {
	want, err := c.version()
	if err == nil && want > 0 {
		return 0, &preconditionError{"header.If-Match", "names a version of what has none: * is all that it can be"}
	}
	return want, err
}

// preconditionError says that a condition can never hold.
type preconditionError struct{ at, message string }

func (e *preconditionError) Error() string { return e.at + " " + e.message }

// Unwrap returns fault.Invalid.
func (e *preconditionError) Unwrap() error { return fault.Invalid }

// conditions says which conditions a route takes.
type conditions struct{ ifMatch, ifNoneMatch bool }

func conditionsOf(in reflect.Type) conditions {
	_, match := in.FieldByName("IfMatch")
	_, none := in.FieldByName("IfNoneMatch")
	return conditions{match, none}
}

// check refuses a condition of a change that its route would not look at: to
// ignore one would overwrite what it protects. On a read, only a cache has one.
func (c conditions) check(r *http.Request) error {
	if r.Method == http.MethodGet {
		return nil
	}
	if !c.ifMatch && r.Header.Get("If-Match") != "" {
		return &preconditionError{"header.If-Match", "is not taken here: what this changes has no version"}
	}
	if none := strings.TrimSpace(r.Header.Get("If-None-Match")); !c.ifNoneMatch && none != "" {
		if none != "*" {
			return &fieldError{"header.If-None-Match", "is for reads: a change takes If-Match"}
		}
		return &preconditionError{"header.If-None-Match", "is for a PUT that makes what its path names"}
	}
	return nil
}

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

// joinTags makes one condition of several lines.
func joinTags(r *http.Request) {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		if lines := r.Header.Values(name); len(lines) > 1 {
			r.Header.Set(name, strings.Join(lines, ", "))
		}
	}
}
