package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

// TestSlowClientsTakeNoPlaces: clients that stop in the middle of a body, or of
// reading a file, outnumber what may be worked on at once, and everybody else is
// still served.
func TestSlowClientsTakeNoPlaces(t *testing.T) {
	w := newWorld(t, httpapi.Options{AtOnce: 8})
	asset, err := w.shop.Assets.Put(t.Context(), bytes.NewReader(bytes.Repeat([]byte("film "), 3<<20)))
	if err != nil {
		t.Fatal(err)
	}
	dial := func(request string) *bufio.Reader {
		t.Helper()
		c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if err == nil {
			t.Cleanup(func() { c.Close() })
			err = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		if err == nil {
			_, err = io.WriteString(c, request)
		}
		if err != nil {
			t.Fatal(err)
		}
		return bufio.NewReaderSize(c, 512)
	}
	for range 12 {
		for _, path := range []string{"/carts", "/sessions", "/webhooks/simulator"} {
			// The server says 100 when it begins to read the body.
			line, err := dial(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", path)).ReadString('\n')
			if err != nil || !strings.Contains(line, "100") {
				t.Fatalf("a body that has not come is answered with %q, %v", line, err)
			}
		}
		answer, err := http.ReadResponse(dial("GET /assets/"+string(asset)+" HTTP/1.1\r\nHost: x\r\n\r\n"), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("a file: %v, %v", answer, err)
		}
	}
	w.must(200, "", "GET", "/products", "")
	cart := w.cart("", "mug", 1)
	w.must(200, "", "POST", cart+"/checkout", goodCard)
}
