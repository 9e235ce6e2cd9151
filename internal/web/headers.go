package web

import (
	"net/http"
	"slices"
	"strings"
)

// CSP is a content security policy (CSP level 3). The zero CSP allows what
// the site itself serves and nothing else: no inline scripts, no inline
// styles, no frames, no plug-ins. The fields add sources to that, such as
// https://js.example.com or 'sha256-…'.
type CSP struct {
	Scripts, Styles, Images, Connect, Frames, Forms []string
	// FramedBy lists who may show the pages in a frame; nobody if it is empty.
	FramedBy []string
}

// String returns the policy as the header's value.
func (c CSP) String() string {
	self := func(name string, more []string) string {
		return name + " " + strings.Join(slices.Concat([]string{"'self'"}, more), " ")
	}
	framed := "'none'"
	if len(c.FramedBy) > 0 {
		framed = strings.Join(c.FramedBy, " ")
	}
	return strings.Join([]string{
		self("default-src", nil), self("script-src", c.Scripts), self("style-src", c.Styles),
		self("img-src", c.Images), self("connect-src", c.Connect), self("frame-src", c.Frames),
		self("form-action", c.Forms), "frame-ancestors " + framed, "object-src 'none'", "base-uri 'none'",
	}, "; ")
}

// SecurityHeaders sets the headers that tell browsers to be careful. A handler
// may set its own values instead. https says that browsers come through TLS only,
// as through a proxy that ends it: they are told to go on doing so, as they are
// if a request itself came through it.
func SecurityHeaders(policy CSP, https bool) Middleware {
	csp := []string{policy.String()}
	nosniff, same, cross := []string{"nosniff"}, []string{"same-origin"}, []string{"strict-origin-when-cross-origin"}
	permissions := []string{"camera=(), geolocation=(), microphone=(), payment=(self)"}
	transport := []string{"max-age=31536000"}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header() // canonical keys and shared values: it costs no allocation
			h["Content-Security-Policy"] = csp
			h["X-Content-Type-Options"] = nosniff
			h["Referrer-Policy"] = cross
			h["Cross-Origin-Opener-Policy"] = same
			h["Permissions-Policy"] = permissions
			if https || r.TLS != nil {
				h["Strict-Transport-Security"] = transport
			}
			next.ServeHTTP(w, r)
		})
	}
}
