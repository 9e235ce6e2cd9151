// Import makes a running shop of a product export: of Shopify, WooCommerce and
// others, recognized by its content. Without a file it takes the export of a
// small shop for plants that lies beside this program.
//
//	go run ./examples/import
//	go run ./examples/import -file products_export.csv -currency USD -pictures web
//
// Then open http://localhost:8080.
package main

import (
	"bytes"
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/httpserver"
	"github.com/keelshop/commerce/interchange"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/storefront"
)

//go:embed products.csv pictures
var sample embed.FS

// settings are what the flags say.
type settings struct {
	file, dir, name, addr string
	currency              money.Currency
	fromWeb               bool // fetch pictures by the addresses in the file
}

func main() {
	var s settings
	flag.StringVar(&s.file, "file", "", "the export; without one, that of the plant shop is taken")
	flag.StringVar(&s.dir, "dir", "import.data", "where to keep the shop")
	flag.StringVar(&s.name, "name", "Fern & Fig", "what the shop is called")
	flag.StringVar(&s.addr, "addr", "localhost:8080", "where to listen")
	currency := flag.String("currency", "EUR", "the currency of prices, which an export of Shopify does not name")
	pictures := flag.String("pictures", "", "web fetches pictures by the addresses in the file")
	flag.Parse()
	s.currency, s.fromWeb = money.Currency(*currency), *pictures == "web"
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings) error {
	bank := simulator.New(simulator.WithURL("/bank"))
	shop, err := commerce.Open(ctx, s.dir, commerce.WithPayments(bank))
	if err != nil {
		return err
	}
	defer shop.Close()
	if err := load(ctx, shop, s, os.Stdout); err != nil {
		return err
	}
	finder, err := search.Open(ctx, shop, search.Options{})
	if err != nil {
		return err
	}
	defer finder.Close()
	if err := finder.After(ctx, shop.Latest()); err != nil { // all of it is found from the first page on
		return err
	}
	handler, err := pages(shop, bank, finder, s)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Printf("The shop is open at http://%s (Ctrl-C closes it)\n", s.addr)
	return httpserver.Serve(ctx, httpserver.New(handler, slog.Default()), listener, 10*time.Second)
}

// load imports the file. What is there already stays as it is, with what was
// sold and edited since, so it is done at every start, and what a crash cut
// short is finished.
func load(ctx context.Context, shop *commerce.Store, s settings, to io.Writer) error {
	file, picture, err := s.source(shop)
	if err != nil {
		return err
	}
	defer file.Close()
	sum, err := interchange.Import(ctx, shop, file, interchange.Options{
		Currency: s.currency, Picture: picture,
		Issue: func(i interchange.Issue) { fmt.Fprintln(to, i) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(to, "%s export: %d products with %d variants, of which %d were there, %d pictures, %d refused\n",
		sum.Format, sum.Products, sum.Variants, sum.Kept, sum.Pictures, sum.Refused)
	return nil
}

// source returns the export, and what gets a picture that it names.
func (s settings) source(shop *commerce.Store) (io.ReadCloser, func(context.Context, string) (assets.ID, error), error) {
	if s.file == "" {
		file, err := sample.Open("products.csv")
		return file, func(ctx context.Context, name string) (assets.ID, error) {
			svg, err := sample.ReadFile("pictures/" + path.Base(name))
			if err != nil {
				return "", err
			}
			return shop.Assets.Put(ctx, bytes.NewReader(svg))
		}, err
	}
	file, err := os.Open(s.file)
	if s.fromWeb {
		return file, interchange.PicturesFromWeb(shop.Assets, interchange.WebOptions{}), err
	}
	return file, nil, err
}

// pages is the storefront, beside the pages of the simulated bank.
func pages(shop *commerce.Store, bank *simulator.Simulator, finder *search.Finder, s settings) (http.Handler, error) {
	front, err := storefront.New(shop, storefront.Options{
		Name: s.name, Currencies: []money.Currency{s.currency}, Finders: map[string]*search.Finder{"en": finder},
		Payments: []storefront.PaymentMethod{{Provider: bank.Name(), Title: "Card", Field: "/bank/card"}, {Provider: "manual", Title: "Invoice"}},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/bank/", bank.Handler(simulator.Pages{Path: "/bank", Return: "/orders/"}))
	mux.Handle("/", front)
	return mux, nil
}
