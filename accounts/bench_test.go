package accounts_test

import (
	"crypto/rand"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/seal"
)

// BenchmarkSession asks whom a token belongs to, as every request does.
func BenchmarkSession(b *testing.B) {
	d, _ := newDesk(b, 1)
	s := d.mustLogIn(secret)
	for b.Loop() {
		if _, err := d.Session(b.Context(), s.Token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLogIn logs in at the default cost and compares that with the bare
// hash, half of whose time is the floor that OWASP sets.
func BenchmarkLogIn(b *testing.B) {
	for name, p := range map[string]accounts.Passwords{"default": {}, "owasp-floor": {MemoryKiB: 19456, Passes: 2}} {
		b.Run(name, func(b *testing.B) {
			d, c := newDesk(b, 1)
			d.Service = d.WithPasswords(p)
			if err := d.SetPassword(b.Context(), accounts.SetPassword{Customer: c.ID, Password: secret}); err != nil {
				b.Fatal(err)
			}
			kib, passes := p.MemoryKiB, p.Passes
			if kib == 0 {
				kib, passes = 64<<10, 3
			}
			salt := make([]byte, 16)
			rand.Read(salt)
			var raw time.Duration
			for b.Loop() {
				began := time.Now()
				argon2.IDKey([]byte(secret), salt, passes, kib, 1, 32)
				raw += time.Since(began)
				d.mustLogIn(secret)
			}
			b.ReportMetric(float64(raw)/float64(b.Elapsed()-raw), "of-raw")
		})
	}
}

// BenchmarkWrongPassword compares a guess at a known address with one at an
// unknown one. The ratio is to be 1.
func BenchmarkWrongPassword(b *testing.B) {
	d, _ := newDesk(b, 4)
	guess := func(email seal.Personal) time.Duration {
		began := time.Now()
		if _, err := d.logIn(email, "a wrong password"); err == nil {
			b.Fatal("it was right")
		}
		took := time.Since(began)
		d.engine.Advance(2 * time.Minute)
		return took
	}
	var known, unknown time.Duration
	for b.Loop() {
		known += guess(adasMail)
		unknown += guess("nobody@example.org")
	}
	b.ReportMetric(float64(known)/float64(unknown), "known/unknown")
}
