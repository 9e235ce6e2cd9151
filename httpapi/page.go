package httpapi

import (
	"context"
	"iter"
	"net/url"
	"strconv"

	"github.com/keelshop/commerce/internal/id"
)

// Page is what every list takes.
type Page struct {
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many to answer with."`
	After string `query:"after" maxLength:"100" doc:"The next of the page before."`
}

// from returns where a page of things begins whose IDs begin with prefix.
func (p Page) from(prefix string) (string, error) {
	if p.After != "" && id.Check(prefix, p.After) != nil {
		return "", &fieldError{"query.after", "is not the next of a page before"}
	}
	return p.After, nil
}

// List is one page of a list.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass this as after to read on; it is missing on the last page."`
}

// collect takes one page out of a listing that was asked for limit+1 things.
func collect[V, T any](all iter.Seq2[V, error], limit int, id func(V) string, show func(V) T) (List[T], error) {
	out := List[T]{Items: make([]T, 0, limit)}
	last := ""
	for v, err := range all {
		if err != nil {
			return out, err
		}
		if len(out.Items) == limit {
			out.Next = last
			break
		}
		out.Items = append(out.Items, show(v))
		last = id(v)
	}
	return out, nil
}

// linkNext returns the Link header that leads to the next page.
func (a *api) linkNext(ctx context.Context, path string, query url.Values, limit int, next string) string {
	if next == "" {
		return ""
	}
	if fields := fieldsOf(ctx); fields != "" {
		query.Set("fields", fields)
	}
	query.Set("limit", strconv.Itoa(limit))
	query.Set("after", next)
	return "<" + a.options.Prefix + path + "?" + query.Encode() + `>; rel="next"`
}

// listed is the answer with one page.
func listed[T any](ctx context.Context, a *api, path string, p Page, query url.Values, l List[T]) *answer[List[T]] {
	return &answer[List[T]]{Link: a.linkNext(ctx, path, query, p.Limit, l.Next), Body: l}
}

// digits returns a number as text, "" for 0.
func digits(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
