package interchange_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/interchange"
)

// TestPicturesOfVariants: a picture shows the variant whose row names it, also
// if the file has no SKU for that or one that another variant has.
func TestPicturesOfVariants(t *testing.T) {
	for name, file := range map[string]string{
		"shopify": "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Variant Image\n" +
			"mug,Mug,Size,S,,1,all.png,s.png\nmug,,,M,X,1,,m.png\nmug,,,L,X,1,,l.png\nmug,,,XL,,1,,s.png\n",
		"woocommerce": "ID,Type,SKU,Name,Regular price,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n" +
			"1,variable,mug,Mug,,all.png,,Size,\"S, M, L\"\n2,variation,,Mug,1,s.png,mug,Size,S\n3,variation,X,Mug,1,m.png,mug,Size,M\n" +
			"4,variation,X,Mug,1,l.png,mug,Size,L\n5,variation,,Mug,1,s.png,mug,Size,XL\n",
		"vendure": "name,slug,assets,optionGroups,optionValues,sku,price,variantAssets\n" +
			"Mug,mug,all.png,Size,S,,1,s.png\n,,,,M,X,1,m.png\n,,,,L,X,1,l.png\n,,,,XL,,1,s.png\n",
		"spree": "slug,sku,name,price,currency,status,option1_name,option1_value,image1_src\n" +
			"mug,,Mug,0,EUR,active,,,all.png\nmug,,,1,EUR,,Size,S,s.png\nmug,X,,1,EUR,,Size,M,m.png\nmug,Y,,1,EUR,,Size,L,l.png\nmug,,,1,EUR,,Size,XL,s.png\n",
	} {
		t.Run(name, func(t *testing.T) {
			shop := commercetest.Open(t)
			fetch := func(ctx context.Context, name string) (assets.ID, error) {
				return assets.ID(fmt.Sprintf("%x", sha256.Sum256([]byte(name)))), nil
			}
			s, issues := load(t, shop, []byte(file), interchange.Options{Format: interchange.Format(name), Currency: "EUR", Picture: fetch})
			if s.Products != 1 || s.Refused != 0 {
				t.Fatalf("summary %+v, issues %v", s, issues)
			}
			p, err := shop.Catalog.ByHandle(t.Context(), "mug")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string][]string{"all.png": nil, "s.png": {"S", "XL"}, "m.png": {"M"}, "l.png": {"L"}}
			for picture, sizes := range want {
				id, _ := fetch(t.Context(), picture)
				i := slices.IndexFunc(p.Media, func(m catalog.Media) bool { return m.Asset == id })
				if i < 0 {
					t.Errorf("%s is missing", picture)
					continue
				}
				var shown []string
				for _, v := range p.Variants {
					if slices.Contains(p.Media[i].SKUs, v.SKU) {
						shown = append(shown, v.Options[0].Value)
					}
				}
				if !slices.Equal(shown, sizes) || len(p.Media) != len(want) {
					t.Errorf("%s shows %q, want %q; there are %d pictures", picture, shown, sizes, len(p.Media))
				}
			}
		})
	}
}

// TestPicturesFromWeb fetches from a server on this machine, which has to be
// allowed.
func TestPicturesFromWeb(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	asked := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/ok.png", func(w http.ResponseWriter, _ *http.Request) { asked++; fmt.Fprint(w, png) })
	mux.HandleFunc("/text.png", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "secret") })
	mux.HandleFunc("/large.png", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, png)
		for range 21 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	hang := make(chan struct{})
	mux.HandleFunc("/slow.png", func(http.ResponseWriter, *http.Request) { <-hang })
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(hang)

	dir := assets.Dir(t.TempDir())
	id, err := interchange.PicturesFromWeb(dir, interchange.WebOptions{Private: true})(t.Context(), server.URL+"/ok.png")
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(png))); err != nil || string(id) != want {
		t.Errorf("the picture is %s, %v; want %s", id, err, want)
	}
	for _, c := range []struct {
		address, want string
		o             interchange.WebOptions
	}{
		{server.URL + "/none.png", "404", interchange.WebOptions{Private: true}},
		{server.URL + "/text.png", "no picture", interchange.WebOptions{Private: true}},
		{server.URL + "/large.png", "larger than", interchange.WebOptions{Private: true}},
		{server.URL + "/slow.png", "timeout", interchange.WebOptions{Private: true, Timeout: time.Millisecond}},
		{"file:///etc/passwd", "no address on the web", interchange.WebOptions{Private: true}},
		{server.URL + "/ok.png", "not a public address", interchange.WebOptions{}},
		{"http://[::1]:1/", "not a public address", interchange.WebOptions{}},
		{"http://[::ffff:10.0.0.1]/", "not a public address", interchange.WebOptions{}},
		{"http://169.254.169.254/latest/meta-data/", "not a public address", interchange.WebOptions{}},
		{"http://10.1.2.3/", "not a public address", interchange.WebOptions{}},
		{"http://100.64.0.1/", "not a public address", interchange.WebOptions{}},
		{"http://0.0.0.0/", "not a public address", interchange.WebOptions{}},
		{"http://[64:ff9b::a00:1]/", "not a public address", interchange.WebOptions{}},
		{"http://[fe80::1]/", "not a public address", interchange.WebOptions{}},
		{"http://[fd00::1]/", "not a public address", interchange.WebOptions{}},
	} {
		id, err := interchange.PicturesFromWeb(dir, c.o)(t.Context(), c.address)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), c.want) {
			t.Errorf("%s is %s, %v; want %q", c.address, id, err, c.want)
		}
	}
	if asked != 1 {
		t.Errorf("the server was asked %d times for the picture", asked)
	}
}
