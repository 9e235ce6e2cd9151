package web

import "net/http"

// Allowed returns the methods that mux has a route for at the path of r, other
// than the pattern rest, which takes everything.
func Allowed(mux *http.ServeMux, r *http.Request, rest string) (methods []string) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if _, pattern := mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != rest {
			methods = append(methods, method)
		}
	}
	return methods
}
