package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

//go:embed templates static
var files embed.FS

// pages are the parsed templates by name.
type pages map[string]*template.Template

// parsePages parses each template together with the layout.
func parsePages(base string) (pages, error) {
	css, err := files.ReadFile("static/admin.css")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(css)
	version := hex.EncodeToString(sum[:6])
	funcs := template.FuncMap{
		"url":     func(parts ...string) string { return base + strings.Join(parts, "") },
		"static":  func() string { return base + "/static/admin.css?v=" + version },
		"amount":  func(minor any, currency any) string { return amountOf(minor, currency) },
		"time":    timeOf,
		"words":   func(s any) string { return strings.ReplaceAll(text(s), "_", " ") },
		"moment":  momentOf,
		"percent": func(basisPoints int64) string { return fmt.Sprintf("%d.%02d %%", basisPoints/100, basisPoints%100) },
		"mib":     func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) },
		"kib":     func(n int64) int64 { return n >> 10 },
		"dict": func(p any, section, path, label string) map[string]any {
			return map[string]any{"Page": p, "Section": section, "Path": path, "Label": label}
		},
		"place": func(s inventory.Sourcing, id any) string { return placeName(s, text(id)) },
		"day":   dayOf,
		"field": fieldOf, "cell": cellOf, "pricefield": priceField,
		"inc": func(n int) int { return n + 1 },
		"sub": func(a, b int64) int64 { return a - b },
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	out := pages{}
	for _, name := range names {
		if path.Base(name) == "layout.html" {
			continue
		}
		t, err := template.New("").Funcs(funcs).ParseFS(files, "templates/layout.html", name)
		if err != nil {
			return nil, err
		}
		out[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return out, nil
}

func (p pages) render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := p[name].ExecuteTemplate(&b, "layout", data); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "rendering the page %s", name)
	}
	return b.Bytes(), nil
}

// amountOf writes minor units of a currency as they come from a query.
func amountOf(minor, currency any) string {
	n, ok := minor.(int64)
	if !ok {
		return ""
	}
	return money.New(n, money.Currency(text(currency))).String()
}

// text is a value of a query, or a word of the API, as text.
func text(v any) string {
	switch s := v.(type) {
	case string:
		return s
	case interface{ String() string }:
		return s.String()
	case nil:
		return ""
	}
	return template.HTMLEscaper(v)
}

// momentOf writes what happened to an order, as in "Parcel in transit".
func momentOf(kind string) string {
	said := strings.NewReplacer(".", " ", "_", " ").Replace(kind)
	return strings.ToUpper(said[:min(1, len(said))]) + said[min(1, len(said)):]
}

// timeOf writes a time, or milliseconds since 1970 as they come from a query.
func timeOf(v any) string {
	var t time.Time
	switch v := v.(type) {
	case time.Time:
		t = v
	case int64:
		if v == 0 {
			return ""
		}
		t = time.UnixMilli(v)
	}
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 Jan 2006, 15:04") + " UTC"
}

// static serves the style sheet, whose address changes with its content.
func static(v *visit) error {
	name := v.r.PathValue("file")
	body, err := files.ReadFile("static/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/css; charset=utf-8")
	v.w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(v.w, v.r, name, time.Time{}, bytes.NewReader(body))
	return nil
}
