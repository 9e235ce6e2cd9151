package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
)

// TestTheLinesOfTheGuide runs the shell lines of docs/http.md against the
// example. curl -f makes a line fail that the guide says works; what the other
// lines must answer stands behind them in a comment.
func TestTheLinesOfTheGuide(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the guide's lines need curl, which is not installed here")
	}
	guide, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	shop := commercetest.Open(t, commerce.WithPayments(simulator.New()))
	if err := hire(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	finder, err := search.Open(t.Context(), shop, search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finder.Close() })
	api, err := newAPI(shop, finder, nil, -1)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	defer server.Close()
	var script strings.Builder
	script.WriteString("set -euo pipefail\nset -x\n")
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(guide, -1) {
		script.Write(block[1])
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Env = append(os.Environ(), "SHOP="+server.URL)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`"status":"placed"`, `"next_action":{"kind"`, `"status":"canceled"`, "\n304\n", `"formatted":"39.50 EUR"`,
		`body.lines[0].quantity`, `"error":"inventory.out_of_stock"`, `"error":"cart.version"`, `"error":"catalog.version"`, `"status":401`,
		`"items":[{"handle":"plates","products":1}]`, `"url":"/assets/`, `"error":"accounts.no_letter"`, "\n{\"status\":\"canceled\"}\n",
		`{"payment_status":"refunded"}`, `"promotions":[{"id":"summer"}]`, `"left":{"minor":0,`, `"secret":"whsec_`, `"count":1,"value":"Kiln"`, `"/search"`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the guide's lines did not answer with %s:\n%s", want, out)
		}
	}
}

func TestHiringTwice(t *testing.T) {
	shop := commercetest.Open(t)
	for range 2 {
		if err := hire(t.Context(), shop); err != nil {
			t.Fatal(err)
		}
	}
}
