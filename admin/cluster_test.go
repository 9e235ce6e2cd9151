package admin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/admin"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/inventory"
)

// TestAClusterInTheOffice: the page of three nodes tells of each, and one that
// has ended; staff see what they have changed, whichever node answers.
func TestAClusterInTheOffice(t *testing.T) {
	c := commercetest.OpenCluster(t, 3, commerce.WithShards(4))
	at := make([]*office, len(c.Nodes))
	for i, shop := range c.Nodes {
		at[i] = &office{T: t, Store: shop}
	}
	_, err := at[0].Catalog.PutProduct(t.Context(), catalog.PutProduct{Handle: "mug", Title: "Mug", SKU: "mug"})
	if err == nil {
		_, err = at[0].Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 1})
	}
	if err != nil {
		t.Fatal(err)
	}
	browser := at[0].newBrowser()
	for _, o := range at {
		h, err := admin.New(o.Store, admin.Options{Base: "/admin", Staff: boss})
		if err != nil {
			t.Fatal(err)
		}
		o.web = httptest.NewServer(h) // cookies do not look at ports: one browser, as behind a balancer
		t.Cleanup(o.web.Close)
		o.browser = browser
	}
	for _, o := range at {
		page := o.get("/health").want(200, "node_0", "node_1", "node_2")
		if n := strings.Count(page.body, "<td>yes</td><td class=\"n\">4</td>"); n != 3 {
			t.Errorf("%d of 3 nodes answer and vote:\n%s", n, page.body)
		}
	}
	id := at[0].get("/products").want(200, "Mug").body
	id = id[strings.Index(id, "/admin/products/prd_"):]
	id = strings.TrimPrefix(id[:strings.IndexByte(id, '"')], "/admin")
	if err := c.Nodes[0].Cluster().Drain(t.Context(), "node_2"); err != nil { // it leads nothing
		t.Fatal(err)
	}
	c.Slow(2, 200*time.Millisecond)
	for i := range 3 {
		o, title := at[i%2], fmt.Sprint("Mug ", i)
		version := shownVersion.FindStringSubmatch(o.get(id).body)[1]
		o.post(id, "key", title, "version", version, "title", title, "status", "active").want(200, title)
		at[2].get("/products").want(200, title) // the list is read with SQL, from the node's own files
		at[2].get(id).want(200, title)
	}
}

// boss is whoever asks. To know them costs no read of the store, by which a node
// would catch up.
func boss(*http.Request) (accounts.CustomerID, error) { return "cus_boss", nil }

var shownVersion = regexp.MustCompile(`name="version" value="(\d+)"`)
