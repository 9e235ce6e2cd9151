package storefront

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/keelshop/commerce/fault"
)

//go:embed templates static
var own embed.FS

// theme is the package's own files with those of the program over them.
type theme struct {
	over  fs.FS // may be nil
	base  string
	files map[string]staticFile // by name, without static/
	pages map[*locale]map[string]*template.Template
	// shared are the parts that all pages have, for fragments.
	shared map[*locale]*template.Template
}

// staticFile is served under its name with a version of its content.
type staticFile struct {
	body    []byte
	version string
}

func newTheme(over fs.FS, base string) (*theme, error) {
	t := &theme{over: over, base: base, files: map[string]staticFile{}}
	names, err := t.glob("static/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		body, err := t.read(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		t.files[path.Base(name)] = staticFile{body, hex.EncodeToString(sum[:6])}
	}
	return t, nil
}

// read returns a file of the program, or else of the package.
func (t *theme) read(name string) ([]byte, error) {
	if t.over != nil {
		body, err := fs.ReadFile(t.over, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return body, err
		}
	}
	return own.ReadFile(name)
}

// glob returns the names of files that either has.
func (t *theme) glob(pattern string) ([]string, error) {
	names, err := fs.Glob(own, pattern)
	if err != nil || t.over == nil {
		return names, err
	}
	more, err := fs.Glob(t.over, pattern)
	seen := map[string]bool{}
	for _, n := range names {
		seen[n] = true
	}
	for _, n := range more {
		if !seen[n] {
			names = append(names, n)
		}
	}
	return names, err
}

// parse reads the templates once for each language, since their functions
// speak it. A page is parsed with all of parts/, the layout among them.
func (t *theme) parse(locales []*locale) error {
	t.pages, t.shared = map[*locale]map[string]*template.Template{}, map[*locale]*template.Template{}
	shared, err := t.glob("templates/parts/*.html")
	if err != nil {
		return err
	}
	pages, err := t.glob("templates/*.html")
	if err != nil {
		return err
	}
	more, err := t.glob("templates/pages/*.html")
	if err != nil {
		return err
	}
	for _, l := range locales {
		t.pages[l] = map[string]*template.Template{}
		common := template.New("").Funcs(t.funcs(l))
		for _, name := range shared {
			if err := t.parseInto(common, name); err != nil {
				return err
			}
		}
		for _, name := range append(pages, more...) {
			page, err := common.Clone()
			if err == nil {
				err = t.parseInto(page, name)
			}
			if err != nil {
				return err
			}
			t.pages[l][strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".html")] = page
		}
		if t.shared[l], err = common.Clone(); err != nil {
			return err
		}
	}
	return nil
}

func (t *theme) parseInto(set *template.Template, name string) error {
	text, err := t.read(name)
	if err == nil {
		_, err = set.New(name).Parse(string(text))
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the template %s", name)
	}
	return nil
}

// render runs the layout with a page's own blocks.
func (t *theme) render(l *locale, page string, data any) ([]byte, error) {
	var body bytes.Buffer
	err := t.pages[l][page].ExecuteTemplate(&body, "layout", data)
	return body.Bytes(), err
}

// fragment runs one block of a page without the layout.
func (t *theme) fragment(l *locale, page, block string, data any) ([]byte, error) {
	var body bytes.Buffer
	err := t.pages[l][page].ExecuteTemplate(&body, block, data)
	return body.Bytes(), err
}

// funcs are what templates can call.
func (t *theme) funcs(l *locale) template.FuncMap {
	return template.FuncMap{
		"t":       l.text,
		"money":   l.money,
		"date":    l.date,
		"number":  l.number,
		"country": l.country,
		"url":     func(path string) string { return t.base + path },
		"static":  t.staticURL,
		"has":     func(file string) bool { _, ok := t.files[file]; return ok },
		"dict":    dict,
		"kept":    t.kept(l),
	}
}

// staticURL returns the address of a static file, which changes with its
// content.
func (t *theme) staticURL(file string) string {
	return t.base + "/static/" + file + "?v=" + t.files[file].version
}

// dict makes a map of names and values, for templates that call others.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict needs names and values by turns")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("a name in dict is not a string")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
