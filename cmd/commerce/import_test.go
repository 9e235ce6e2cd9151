package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce/interchange"
)

const spreeFile = "slug,sku,name,price,currency,status,option1_name,option1_value\n" +
	"mug,MUG,Mug,0,USD,active,,\nmug,MUG-B,,9.50,USD,,Color,Blue\nmug,MUG-B,,8.90,EUR,,,\nbowl,BOWL,Bowl,x,USD,active,,\n"

func TestImportAndExport(t *testing.T) {
	dir := t.TempDir()
	shop, file := filepath.Join(dir, "shop.data"), filepath.Join(dir, "products.csv")
	if err := os.WriteFile(file, []byte(spreeFile), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, "import", "--dir", shop, file)
	var s interchange.Summary
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatalf("%v: %s%s", err, r.stdout, r.stderr)
	}
	if r.code != exitFailed || s.Format != interchange.Spree || s.Products != 1 || s.Refused != 1 || !strings.Contains(r.stderr, "row 5, price: refused (bad_price)") {
		t.Errorf("exit code %d, %+v\n%s", r.code, s, r.stderr)
	}
	out := filepath.Join(dir, "out.jsonl.gz")
	succeed(t, "export", "--dir", shop, "--format", "jsonl", out)
	other := filepath.Join(dir, "other.data")
	succeed(t, "import", "--dir", other, out)
	again := filepath.Join(dir, "again.jsonl.gz")
	succeed(t, "export", "--dir", other, again)
	first, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) || len(first) == 0 {
		t.Error("the export of what was imported is another file")
	}
	var once interchange.Summary
	if err := json.Unmarshal([]byte(succeed(t, "import", "--dir", other, out).stdout), &once); err != nil || once.Kept != 1 {
		t.Errorf("a second import says %+v, %v", once, err)
	}
	if r := succeed(t, "import", "--dir", other, "--update", "--recount", "--assets", dir, out); strings.Contains(r.stderr, "stay as they are") {
		t.Errorf("an update says %s", r.stderr)
	}
	found := succeed(t, "search", "--dir", other, "--currency", "usd", "--facets", "mugs")
	if !strings.Contains(found.stdout, "MUG-B  9.50 USD    Mug") || !strings.Contains(found.stdout, "price: 0.00 USD and more (1)") || !strings.Contains(found.stdout, "1 of 1") {
		t.Errorf("the search prints\n%s", found.stdout)
	}
	if found := succeed(t, "search", "--dir", other, "nothing", "of", "this"); found.stdout != "0 of 0\n" || strings.Contains(found.stderr, "index") {
		t.Errorf("a second search prints\n%s%s", found.stdout, found.stderr)
	}
	if found := succeed(t, "search", "--dir", other, "--", strings.Repeat("((mug* AND ~", 10_000)); !strings.Contains(found.stdout, "1 of 1") {
		t.Errorf("a hostile search prints\n%s%s", found.stdout, found.stderr)
	}
	segments, err := filepath.Glob(filepath.Join(other, "search", "index-*", "root.bolt"))
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	if err := os.Truncate(segments[0], 5000); err != nil {
		t.Fatal(err)
	}
	if found := succeed(t, "search", "--dir", other, "mugs"); !strings.Contains(found.stdout, "1 of 1") || !strings.Contains(found.stderr, "built anew") {
		t.Errorf("with a damaged index it prints\n%s%s", found.stdout, found.stderr)
	}
	if r := command(t, "export", "--dir", other, "--format", "spree", filepath.Join(dir, "out.csv")); r.code != exitFailed || !strings.Contains(r.stderr, "those are jsonl, csv and shopify") {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	succeed(t, "verify", shop)
	succeed(t, "verify", other)
}

// TestRefusedImportMakesNoStore: what is wrong with the command or the file is
// told before there is a store, and the summary is told even then.
func TestRefusedImportMakesNoStore(t *testing.T) {
	dir := t.TempDir()
	shop, file := filepath.Join(dir, "shop.data"), filepath.Join(dir, "products.csv")
	if err := os.WriteFile(file, []byte("Handle,Title,Option1 Name,Variant Price\nmug,Mug,,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--dry-run", "--currency", "EUR", file}, exitOK, ""},
		{[]string{"--format", "magento", file}, exitFailed, "there is no format"},
		{[]string{file}, exitFailed, "name no currency"},
		{[]string{"--currency", "EUR", "--pictures", filepath.Join(dir, "none"), file}, exitFailed, "none"},
		{[]string{"--currency", "EUR", "--assets", filepath.Join(dir, "none"), file}, exitFailed, "none"},
		{[]string{"--currency", "EUR", filepath.Join(dir, "none.csv")}, exitFailed, "none.csv"},
	} {
		r := command(t, append([]string{"import", "--dir", shop}, c.args...)...)
		var s struct {
			interchange.Summary
			Error string
		}
		last := r.stdout[strings.LastIndex(strings.TrimSpace(r.stdout), "\n")+1:]
		if err := json.Unmarshal([]byte(last), &s); err != nil || r.code != c.code || !strings.Contains(s.Error, c.want) || (c.want == "") != (s.Error == "") {
			t.Errorf("%v: exit code %d, %v\n%s%s", c.args, r.code, err, r.stdout, r.stderr)
		}
		if _, err := os.Stat(shop); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: there is a store (%v)", c.args, err)
		}
	}
}

func TestImportUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"import", "f"}, exitUsage, "--dir"},
		{[]string{"import", "--dir", "d"}, exitUsage, "name one file, not 0"},
		{[]string{"import", "--help"}, exitOK, "--dry-run"},
		{[]string{"export", "--dir", filepath.Join(t.TempDir(), "none"), "f"}, exitFailed, "no such file"},
		{[]string{"export", "--help"}, exitOK, "jsonl"},
		{[]string{"search", "--dir", "d"}, exitUsage, "say what to search for"},
		{[]string{"search", "--dir", "d", " "}, exitUsage, "say what to search for"},
		{[]string{"search", "--dir", "d", "--currency", "eux", "mug"}, exitUsage, "EUX"},
		{[]string{"search", "mug"}, exitUsage, "--dir"},
		{[]string{"search", "--dir", "d", "--limit", "0", "mug"}, exitUsage, "--limit 0"},
		{[]string{"search", "--dir", filepath.Join(t.TempDir(), "none"), "mug"}, exitFailed, "no such file"},
	} {
		if r := command(t, c.args...); r.code != c.code || !strings.Contains(r.stdout+r.stderr, c.want) {
			t.Errorf("%v: exit code %d\n%s%s", c.args, r.code, r.stdout, r.stderr)
		}
	}
}
