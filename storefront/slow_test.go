package storefront_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce/storefront"
)

// TestSlowFormsTakeNoPlaces: forms that stop in the middle outnumber what may be
// worked on at once, and everybody else sees their pages.
func TestSlowFormsTakeNoPlaces(t *testing.T) {
	h, err := sample.routes(storefront.Options{AtOnce: 8})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	for range 20 {
		c, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = io.WriteString(c, "POST /cart/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		// The server says 100 when it begins to read the body.
		if line, err := bufio.NewReaderSize(c, 512).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
			t.Fatalf("a form that has not come is answered with %q, %v", line, err)
		}
	}
	for _, path := range []string{"/", "/cart"} {
		answer, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %s", path, answer.Status)
		}
	}
}
