package webhooks_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/keelshop/commerce/webhooks"
)

// A consumer reads the body as it came, verifies it, forgets repetitions, and
// answers quickly: what takes long is done afterwards.
func ExampleVerify() {
	seen := map[string]bool{} // a table, in a program that restarts
	http.HandleFunc("POST /hook", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		if err := webhooks.Verify(r.Header, body, os.Getenv("WEBHOOK_SECRET")); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		var message webhooks.Message
		if err := json.Unmarshal(body, &message); err != nil {
			http.Error(w, "the body is no message", http.StatusBadRequest)
			return
		}
		if id := r.Header.Get("webhook-id"); !seen[id] {
			seen[id] = true
			fmt.Println(message.Type, message.Subject)
		}
	})
}
