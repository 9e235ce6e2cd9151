package interchange

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func unpadded(text string) (string, error) {
	b, err := io.ReadAll(&unpad{from: bufio.NewReader(strings.NewReader(text)), comma: ','})
	return string(b), err
}

func TestUnpad(t *testing.T) {
	for in, want := range map[string]string{
		`"a|b"   ,"c"` + "  \r\nd": `"a|b","c"` + "\nd",
		`"a ""b"" "  ,c`:           `"a ""b"" ",c`,
		`a "b"  ,c`:                `a "b"  ,c`,
		"\"two\nlines\"  ,c":       "\"two\nlines\",c",
		`   "a"  ,b`:               `   "a",b`,
		`"a" b`:                    `"a" b`,
		`"a"  `:                    `"a"`,
		"":                         "",
	} {
		if got, err := unpadded(in); got != want && got != strings.Replace(want, "\n", "\r\n", 1) || err != nil {
			t.Errorf("%q became %q, %v; want %q", in, got, err, want)
		}
	}
}

// TestUnpadLeavesFilesAlone: what a CSV writer wrote is read as it was.
func TestUnpadLeavesFilesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.StringMatching(`[a ",;\n|]{0,6}`), 1, 5).Draw(t, "cells")
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.Write(cells); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		r := csv.NewReader(&unpad{from: bufio.NewReader(strings.NewReader(b.String())), comma: ','})
		r.LazyQuotes = true
		got, err := r.Read()
		if len(cells) == 1 && cells[0] == "" {
			return // an empty line is no row
		}
		if err != nil || !slices.Equal(got, cells) {
			t.Fatalf("%q was written as %q and read as %q, %v", cells, b.String(), got, err)
		}
	})
}

func TestCellsAreEscapedAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`['=+\-@\t\ra|\\]{0,5}`).Draw(t, "text")
		e := escapeCell(s)
		if e != "" && strings.ContainsRune("=+-@\t\r", rune(e[0])) {
			t.Fatalf("%q is still a formula: %q", s, e)
		}
		if back := unescapeCell(e); back != s {
			t.Fatalf("%q became %q and then %q", s, e, back)
		}
		if parts := unlist(escapeList(s)+"|"+escapeList(s), '|'); len(parts) != 2 || unescapeList(parts[0]) != s || unescapeList(parts[1]) != s {
			t.Fatalf("%q in a list became %q", s, parts)
		}
	})
}

func TestMeasures(t *testing.T) {
	for _, c := range []struct {
		text, unit string
		want       int64
		exact      bool
	}{
		{"1", "kg", 1000, true}, {".5", "lbs", 227, false}, {"28", "g", 28, true}, {"2.5", "g", 3, false}, {"1", "in", 25, false}, {"10", "in", 254, true},
	} {
		units := weights
		if c.unit == "in" {
			units = lengths
		}
		n, exact, ok := measure(c.text, c.unit, units)
		if !ok || n != c.want || exact != c.exact {
			t.Errorf("%s %s is %d, %v, %v", c.text, c.unit, n, exact, ok)
		}
	}
	for _, bad := range []string{"", "-1", "1e9", "1/3", "abc", "99999999999999999999999"} {
		if n, _, ok := measure(bad, "kg", weights); ok {
			t.Errorf("%q is %d", bad, n)
		}
	}
}

// FuzzRead reads any text as any format: it may be refused, never more.
func FuzzRead(f *testing.F) {
	f.Add("Handle,Title,Option1 Name,Variant Price\nmug,Mug,,1\n")
	f.Add("name,slug,optionGroups,optionValues,sku,price\n\"a\"  ,b,\"s|c\",\"x|y\",1,2\n,,,\"x\",2,3\n")
	f.Add("Type,SKU,Name,Regular price,Attribute 1 name,Parent,ID\nvariable,a,A,,Size,,1\nvariation,b,B,1,Size,id:1,2\n")
	f.Add("slug,sku,name,price,currency\na,a,A,1,USD\na,a,,1,EUR\n")
	f.Add("slug,locale,name,extra\na,de,A,b\na,fr,B,\n")
	f.Add("Product Handle,Product Title,Variant Id,Variant Price EUR\na,A,1,2\n")
	f.Add("product_handle,variant_sku,title,options,prices\na,a,A,S=1|T=2,1 EUR\n")
	f.Add(`{"type":"product","handle":"a","title":"A","variants":[{"sku":"a"}]}`)
	f.Add(`{"id":"1","title":"A","supplier":"B","price":5,"attr_n_x":1.5}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range append(Formats(), "") {
			all, err := open(strings.NewReader(text), &Options{Format: format, Currency: "EUR"})
			if err != nil {
				continue
			}
			for r, err := range all {
				if err != nil {
					break
				}
				if r.part == nil && !r.refused() {
					_ = r.put.Validate() // it may be refused
				}
				for _, w := range r.rows {
					if r.refused() || format == CSV {
						continue
					}
					if w.count(unused) > 0 {
						t.Errorf("%s: %d cells of row %d are lost", format, w.count(unused), w.line)
					}
				}
			}
		}
	})
}
