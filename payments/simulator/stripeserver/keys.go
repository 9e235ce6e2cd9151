package stripeserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// keys remembers what was answered under idempotency keys.
type keys struct {
	mu    sync.Mutex
	known map[string]*answer

	trouble Trouble
	seed    uint64
	failed  int
	sent    map[string]int // how often each request was sent since Disturb
}

// answer is a response that can be given again.
type answer struct {
	mu      sync.Mutex
	done    bool
	request [32]byte
	status  int
	body    []byte
}

// once carries a request out, or gives the answer that its key got before. Two
// at once wait for each other. An error that is no answer is not remembered.
func (k *keys) once(r *http.Request, do func() (any, error)) (*answer, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method != http.MethodPost {
		a := &answer{}
		return a, a.run(do)
	}
	k.mu.Lock()
	a := k.known[key]
	if a == nil {
		a = &answer{}
		k.known[key] = a
	}
	k.mu.Unlock()

	a.mu.Lock()
	defer a.mu.Unlock()
	request := sha256.Sum256([]byte(r.URL.Path + "?" + r.PostForm.Encode()))
	if !a.done {
		a.request = request
		failed, done := k.fate(r, key)
		if !done {
			other := &answer{}
			return other, other.run(func() (any, error) { return nil, failed })
		}
		if err := a.run(do); err != nil || failed == nil {
			return a, err
		}
		return a, a.run(func() (any, error) { return nil, failed }) // in place of what it came to
	}
	if a.request != request {
		other := &answer{}
		return other, other.run(func() (any, error) {
			return nil, &problem{
				Status: 400, Type: "idempotency_error",
				Message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
			}
		})
	}
	return a, nil
}

func (a *answer) run(do func() (any, error)) error {
	v, err := do()
	p, refused := err.(*problem)
	if err != nil && !refused {
		return err
	}
	a.done, a.status = true, http.StatusOK
	if refused {
		v, a.status = map[string]any{"error": p}, p.Status
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	a.body = b.Bytes()
	return nil
}

func (a *answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	w.Write(a.body) //nolint:errcheck // the caller is gone
}

// problem is an error as Stripe writes it.
type problem struct {
	Status        int    `json:"-"`
	Type          string `json:"type"`
	Code          string `json:"code,omitempty"`
	DeclineCode   string `json:"decline_code,omitempty"`
	Param         string `json:"param,omitempty"`
	Message       string `json:"message"`
	PaymentIntent any    `json:"payment_intent,omitempty"`
}

func (p *problem) Error() string { return p.Message }

func invalid(param, message string) *problem {
	return &problem{Status: 400, Type: "invalid_request_error", Param: param, Message: message}
}

func missing(param, id string) *problem {
	return &problem{Status: 404, Type: "invalid_request_error", Code: "resource_missing", Param: param, Message: "No such object: '" + id + "'"}
}

func unexpected(message string) *problem {
	return &problem{Status: 400, Type: "invalid_request_error", Code: "payment_intent_unexpected_state", Message: message}
}

func writeError(w http.ResponseWriter, p *problem) {
	a := &answer{}
	if err := a.run(func() (any, error) { return nil, p }); err == nil {
		a.write(w)
	}
}

// authorize wants a secret key; or a publishable one for what Stripe's script in
// a browser does with the client secret of a payment: look at it and confirm it.
func authorize(r *http.Request) *problem {
	key, _, ok := r.BasicAuth()
	if !ok {
		key = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if strings.HasPrefix(key, "sk_test_") {
		return nil
	}
	if id := r.PathValue("id"); strings.HasPrefix(key, "pk_test_") && strings.HasPrefix(r.URL.Path, "/v1/payment_intents/"+id) && id != "" {
		last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if (last == id || last == "confirm") && r.Form.Get("client_secret") == secretOf(id) {
			return nil
		}
	}
	return &problem{Status: 401, Type: "invalid_request_error", Message: "Invalid API Key provided: this server takes keys that begin with sk_test_, or with pk_test_ and the client secret of a payment"}
}
