package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce"
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

// waiting lets those who send X-Wait wait until it is closed.
type waiting struct {
	ownAuth
	here  chan struct{}
	until chan struct{}
}

func (a waiting) Authenticate(r *http.Request) (httpapi.Caller, error) {
	if r.Header.Get("X-Wait") != "" {
		a.here <- struct{}{}
		<-a.until
	}
	return a.ownAuth.Authenticate(r)
}

// TestStaffAreTurnedAwayAfterTheirBody: what staff send is read outside of the
// places; whoever finds none afterwards is told so.
func TestStaffAreTurnedAwayAfterTheirBody(t *testing.T) {
	auth := waiting{here: make(chan struct{}), until: make(chan struct{})}
	w := newWorld(t, httpapi.Options{AtOnce: 8, Auth: auth})
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const body = `{"name":"Mugs"}`
	fmt.Fprintf(c, "PUT /staff/categories/mugs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer staff\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	_, _ = r.ReadString('\n')
	var all sync.WaitGroup
	for range 4 { // as many as may do what can be done without
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/staff/orders", nil)
			if err == nil {
				req.Header.Set("X-Wait", "1")
				req.Header.Set("Authorization", "Bearer staff")
				var answer *http.Response
				if answer, err = http.DefaultClient.Do(req); err == nil {
					err = answer.Body.Close()
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
		<-auth.here
	}
	if _, err := io.WriteString(c, body); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the answer is %v, %v", answer, err)
	}
	close(auth.until)
	all.Wait()
}

// TestANodeThatIsClosingSaysSo: with 502, upon which a proxy asks the next node;
// 503 would be what another node has too much to do for, too.
func TestANodeThatIsClosingSaysSo(t *testing.T) {
	shop, err := commerce.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, shop, httpapi.Options{Auth: ownAuth{}})
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(w.url + "/products")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusBadGateway || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the answer is %s, %v", answer.Status, answer.Header)
	}
}
