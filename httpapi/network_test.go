package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/httpapi"
)

func TestGuessesFromOneNetworkCountTogether(t *testing.T) {
	w := newWorld(t)
	api, err := httpapi.New(w.shop, httpapi.Options{PerSecret: httpapi.Rate{Requests: 2, Per: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	guess := func(i int, remote string) int {
		r := httptest.NewRequest("POST", "/sessions", strings.NewReader(fmt.Sprintf(`{"email":"nobody%d@example.com","password":"guess"}`, i)))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = remote
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, r)
		return answer.Code
	}
	for i, test := range []struct {
		remote  string
		limited bool
	}{
		{"[2001:db8::1]:1", false}, {"[2001:db8::2]:1", false}, {"[2001:db8::3]:1", true}, {"[2001:db8:0:1::1]:1", false},
		{"@", false}, {"@", false}, {"@", false}, // strangers who come through a socket do not lock each other out
	} {
		if got := guess(i, test.remote); (got == 429) != test.limited {
			t.Errorf("guess %d, from %s: %d", i+1, test.remote, got)
		}
	}
}
