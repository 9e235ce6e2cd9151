package storefront_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestThemesAreDocumented compares what docs/storefront.md says of variables and
// files with those that there are.
func TestThemesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/storefront.md")
	if err != nil {
		t.Fatal(err)
	}
	style, err := os.ReadFile("static/shop.css")
	if err != nil {
		t.Fatal(err)
	}
	root := string(style)
	root = root[strings.Index(root, ":root{"):]
	root = root[:strings.Index(root, "}")]
	var there, told []string
	for _, m := range regexp.MustCompile(`(--[a-z-]+):`).FindAllStringSubmatch(root, -1) {
		there = append(there, m[1])
	}
	for _, m := range regexp.MustCompile("`(--[a-z-]+)`").FindAllStringSubmatch(string(page), -1) {
		told = append(told, m[1])
	}
	slices.Sort(there)
	slices.Sort(told)
	if !slices.Equal(there, told) {
		t.Errorf("the variables are %v, the document names %v", there, told)
	}
	for _, m := range regexp.MustCompile("`(templates/[a-z/]+\\.html)`").FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(m[1]); err != nil && !strings.HasPrefix(m[1], "templates/pages/") { // those are a theme's own
			t.Error(err)
		}
	}
}
