package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/httpapi/client"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestOwnWritesAreSeenOnEveryNode changes a product through one node and reads it
// through another that lags behind.
func TestOwnWritesAreSeenOnEveryNode(t *testing.T) {
	c := commercetest.OpenCluster(t, 3, commerce.WithPayments(simulator.New()), commerce.WithShards(2))
	var at []*world
	for _, shop := range c.Nodes {
		at = append(at, serve(t, shop, httpapi.Options{Auth: ownAuth{}, PerAddress: httpapi.Unlimited}))
	}
	if err := c.Nodes[0].Cluster().Drain(t.Context(), "node_2"); err != nil { // it leads no shard
		t.Fatal(err)
	}
	c.Slow(2, 200*time.Millisecond)
	mug := "/products/" + at[0].must(200, "staff", "PUT", "/staff/products/mug", `{"title":"Mug","variants":[{"sku":"mug"}]}`).at("id").(string)
	position, old := "", 0
	for i := 0; i < 5 || old == 0 && i < 50; i++ {
		at[2].must(200, "", "GET", mug, "") // as new as it need be for the next second
		title := fmt.Sprint("Mug ", i)
		put := at[i%2].must(200, "staff", "PUT", "/staff/products/mug", `{"title":"`+title+`","variants":[{"sku":"mug"}]}`, "Shop-Position", position)
		if position = put.header.Get("Shop-Position"); position == "" {
			t.Fatal("an answer of a cluster has no position")
		}
		if at[2].must(200, "", "GET", mug, "").at("title") != title {
			old++
		}
		read := at[2].must(200, "", "GET", mug, "", "Shop-Position", position)
		if read.at("title") != title || read.header.Get("Shop-Position") != "" {
			t.Errorf("the next node shows %v, with the position %q; %q was written", read.at("title"), read.header.Get("Shop-Position"), title)
		}
	}
	if old == 0 {
		t.Error("without the position all reads were as new: this test proves nothing")
	}
	if r := at[0].ask("", "GET", "/products/mug", "", "Shop-Position", "s1.x.1"); r.status != 422 || r.at("fields.0.location") != "header.Shop-Position" {
		t.Errorf("a position that is none: %d %s", r.status, r.text)
	}
}

// TestAReplayOnAClusterBeginsSomewhere: one from what is no position is refused on
// every node of a cluster, too, where another node may be ahead of the one asked.
func TestAReplayOnAClusterBeginsSomewhere(t *testing.T) {
	c := commercetest.OpenCluster(t, 3, commerce.WithPayments(simulator.New()), commerce.WithShards(2))
	w := serve(t, c.Nodes[0], httpapi.Options{Auth: ownAuth{}, PerAddress: httpapi.Unlimited})
	path := "/staff/endpoints/" + w.must(201, "staff", "POST", "/staff/endpoints", `{"url":"https://example.com/hook"}`).at("id").(string)
	w.must(200, "staff", "PUT", "/staff/products/mug", `{"title":"Mug","variants":[{"sku":"mug"}]}`)
	here := string(c.Nodes[0].Latest())
	ofStore := here[:strings.LastIndex(here[:strings.LastIndex(here, ".")], ".")] // without how far each shard was read
	for _, odd := range []string{"nonsense", "v1", "v1.", "v1.AAAAAAAAAA.1.2", ofStore + ".1", here + ".1", here + "!"} {
		if r := w.ask("staff", "POST", path+"/replay", `{"position":"`+odd+`"}`); r.status != 422 || r.at("fields.0.location") != "body.position" {
			t.Errorf("from the position %s: %d %s", odd, r.status, r.text)
		}
	}
	for _, fine := range []string{"", here, ofStore + ".0.zz"} { // the last one is ahead of this node
		w.must(204, "staff", "POST", path+"/replay", `{"position":"`+fine+`"}`)
	}
}

// TestTheClientKeepsItsPosition: answers of a cluster go back with the next call.
func TestTheClientKeepsItsPosition(t *testing.T) {
	w := serve(t, commercetest.OpenCluster(t, 1).Nodes[0], httpapi.Options{Auth: ownAuth{}})
	sent := &positions{}
	staff := client.New(w.url, client.WithToken("staff"), client.WithHTTPClient(&http.Client{Transport: sent}))
	body := client.ProductInput{Title: "Mug", Variants: []client.VariantInput{{SKU: "mug"}}}
	if _, err := staff.PutProduct(t.Context(), "mug", body); err != nil {
		t.Fatal(err)
	}
	shown, err := staff.GetProduct(t.Context(), "mug")
	if err != nil || shown.Title != "Mug" {
		t.Errorf("the product is %q, %v", shown.Title, err)
	}
	if len(sent.list) != 2 || sent.list[0] != "" || sent.list[1] == "" {
		t.Errorf("the positions sent were %q", sent.list)
	}
}

// positions notes the position that each request was sent with.
type positions struct{ list []string }

func (p *positions) RoundTrip(r *http.Request) (*http.Response, error) {
	p.list = append(p.list, r.Header.Get("Shop-Position"))
	return http.DefaultTransport.RoundTrip(r)
}

// TestTheClientsPositionOnlyGrows: answers that come late do not take it back,
// and it is let go when the shop is another one.
func TestTheClientsPositionOnlyGrows(t *testing.T) {
	answers := []string{"s1.x.a.5", "s1.x.9.6", "s1.y.1.1", ""}
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Shop-Position"))
		if len(answers) == 0 && r.Header.Get("Shop-Position") != "" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"status":422,"code":"invalid","fields":[{"location":"header.Shop-Position","message":"is not a position of this shop"}]}`)
			return
		}
		if len(answers) > 0 {
			w.Header().Set("Shop-Position", answers[0])
			answers = answers[1:]
		}
		fmt.Fprint(w, `{}`)
	}))
	t.Cleanup(server.Close)
	shop := client.New(server.URL)
	for range 6 {
		if _, err := shop.GetProduct(t.Context(), "mug"); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"", "s1.x.a.5", "s1.x.a.6", "s1.y.1.1", "s1.y.1.1", "", ""}
	if !slices.Equal(got, want) {
		t.Errorf("the positions sent were %q, want %q", got, want)
	}
}
