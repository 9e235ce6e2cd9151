package samplegoods_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/samplegoods"
)

func TestLoad(t *testing.T) {
	shop := commercetest.Open(t)
	for _, want := range []bool{true, false} {
		if loaded, err := samplegoods.Load(t.Context(), shop); err != nil || loaded != want {
			t.Fatalf("Load: %t, %v; want %t", loaded, err, want)
		}
	}
	products, variants, pictures := 0, 0, map[string]bool{}
	for p, err := range shop.Catalog.All(t.Context(), catalog.Filter{Status: catalog.Active}) {
		if err != nil {
			t.Fatal(err)
		}
		products++
		variants += len(p.Variants)
		for _, v := range p.Variants {
			shown := false
			for _, m := range p.Media {
				shown = shown || m.Shows(v.SKU)
			}
			if !shown || len(v.Prices) != 3 {
				t.Errorf("%s has a picture: %t, and %d prices", v.SKU, shown, len(v.Prices))
			}
		}
		for _, m := range p.Media {
			pictures[string(m.Asset)] = true
			file, err := shop.Assets.Open(t.Context(), m.Asset)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(file)
			if err := errors.Join(err, file.Close()); err != nil {
				t.Fatal(err)
			}
			if err := wellFormed(string(text)); err != nil {
				t.Errorf("%s: %v", m.Alt, err)
			}
		}
	}
	if products < 55 || variants < 200 || len(pictures) < 200 {
		t.Errorf("%d products, %d variants, %d pictures", products, variants, len(pictures))
	}
}

// wellFormed reads a picture as XML and refuses what could reach outside of it
// or was left unpainted.
func wellFormed(svg string) error {
	for _, bad := range []string{"<script", "href", "{", "url(http", "#000000"} {
		if strings.Contains(svg, bad) {
			return errors.New("a picture holds " + bad)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
