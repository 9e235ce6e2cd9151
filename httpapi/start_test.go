package httpapi_test

import (
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

// BenchmarkNew is what an API adds to the start of a program.
func BenchmarkNew(b *testing.B) {
	shop, o, _ := everything(b)
	for b.Loop() {
		if _, err := httpapi.New(shop, o); err != nil {
			b.Fatal(err)
		}
	}
}
