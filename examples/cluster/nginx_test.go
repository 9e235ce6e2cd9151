package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestBehindNginx starts nginx with the file of this directory in front of two
// nodes of three: it keeps pages, tells languages apart, keeps nothing of a
// customer's, passes over a node that was killed, and shows what it has kept when
// none is left.
func TestBehindNginx(t *testing.T) {
	program := findNginx(t)
	f, err := newFleet(t.Context(), t.TempDir(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer f.killAll()
	for _, n := range f.nodes {
		n.settings.Shoppers = 1
	}
	if err := f.startAll(); err != nil {
		t.Fatal(err)
	}
	await(t, "all nodes sell", func() bool { return f.sold(0) > 0 && f.sold(1) > 0 && f.sold(2) > 0 })
	front := startNginx(t, program, f.nodes[0].settings.Web, f.nodes[1].settings.Web)

	first, again := visit(t, front, "/", nil), visit(t, front, "/", nil)
	if first.cache != "MISS" || again.cache != "HIT" || first.body != again.body || !strings.Contains(again.body, "Blue mug") {
		t.Errorf("the home page is asked for twice: %s, then %s", first.cache, again.cache)
	}
	german := visit(t, front, "/", http.Header{"Accept-Language": {"de-AT,en;q=0.5"}})
	if german.cache != "MISS" || !strings.Contains(german.body, `lang="de"`) {
		t.Errorf("a German reader gets the English page: %s", german.cache)
	}
	if german = visit(t, front, "/", http.Header{"Cookie": {"a=b; language=de"}}); german.cache != "HIT" || !strings.Contains(german.body, `lang="de"`) {
		t.Errorf("who has chosen German gets another page: %s", german.cache)
	}
	for _, odd := range []string{`language="de"`, "a=b;language=de", `a="; language=de"`} {
		if page := visit(t, front, "/", http.Header{"Cookie": {odd}}); page.cache != "BYPASS" {
			t.Errorf("with the cookies %s the page is %s", odd, page.cache)
		}
	}
	for _, cut := range []string{"language=dex", "__Host-language=de"} {
		if page := visit(t, front, "/", http.Header{"Cookie": {cut}}); page.cache != "HIT" || !strings.Contains(page.body, `lang="en"`) {
			t.Errorf("with the cookies %s the page is %s", cut, page.cache)
		}
	}
	if mine := visit(t, front, "/", http.Header{"Cookie": {"session=nobody"}}); mine.cache != "BYPASS" {
		t.Errorf("a customer's page comes from what was kept: %s", mine.cache)
	}
	if mine := visit(t, front, "/", http.Header{"Authorization": {"Bearer nobody"}}); mine.cache != "BYPASS" {
		t.Errorf("a page for who shows a token comes from what was kept: %s", mine.cache)
	}
	if basket := visit(t, front, "/cart", nil); basket.cache != "MISS" || visit(t, front, "/cart", nil).cache != "MISS" {
		t.Error("a cart is kept")
	}
	if packed := visit(t, front, "/", http.Header{"Accept-Encoding": {"gzip"}}); packed.header.Get("Content-Encoding") != "gzip" || packed.cache != "HIT" {
		t.Errorf("the page is not compressed: %v", packed.header)
	}
	if gone := visit(t, front, "/c/nothing", nil); gone.status != 404 {
		t.Errorf("a page that is not there: %d", gone.status)
	}
	buyThrough(t, front)

	f.kill(0)
	await(t, "the other node answers", func() bool { return visit(t, front, "/cart", nil).status == 200 })
	for range 8 {
		await(t, "a page that is not kept comes from the other", func() bool { return visit(t, front, "/?"+strings.ToLower(t.Name()), nil).status == 200 })
	}
	buyThrough(t, front)
	f.killAll()
	if old := visit(t, front, "/", nil); old.status != 200 || !strings.Contains(old.body, "Blue mug") {
		t.Errorf("without any node, a page that was kept answers %d (%s)", old.status, old.cache)
	}
	if none := visit(t, front, "/cart", nil); none.status < 500 {
		t.Errorf("without any node, the cart answers %d", none.status)
	}
}

// findNginx returns where nginx is. Without one the test is skipped.
func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	t.Skip("there is no nginx here: apt-get install nginx-light, and this test puts one in front of the nodes")
	return ""
}

// startNginx starts nginx with the example's file, other ports and directories,
// and returns its address.
func startNginx(t *testing.T, program string, nodes ...string) string {
	t.Helper()
	text, err := os.ReadFile("nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	changes := []string{
		"127.0.0.1:8080", addr, "127.0.0.1:8081", nodes[0], "127.0.0.1:8082", nodes[1],
		"        server 127.0.0.1:8083 max_fails=1 fail_timeout=5s;\n", "",
		"/run/nginx-shop.pid", filepath.Join(dir, "pid"), "/var/log/nginx/shop-error.log", filepath.Join(dir, "error.log"),
		"/var/cache/nginx/shop", filepath.Join(dir, "cache"), "worker_processes auto;", "worker_processes 1;\nuser root;\ndaemon off;",
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("nginx.conf does not say %q", changes[i])
		}
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "-c", conf, "-p", dir, "-e", filepath.Join(dir, "error.log")) // killed, it would leave its workers behind
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
		if log, err := os.ReadFile(filepath.Join(dir, "error.log")); err == nil && t.Failed() {
			t.Logf("nginx says:\n%s", log)
		}
	})
	front := "http://" + addr
	await(t, "nginx listens", func() bool {
		answer, err := http.Get(front + "/robots.txt")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil
	})
	return front
}

// seen is what a visitor got.
type seen struct {
	status int
	cache  string // what nginx says of it
	body   string
	header http.Header
}

func visit(t *testing.T, front, path string, header http.Header) seen {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{answer.StatusCode, answer.Header.Get("X-Cache"), string(body), answer.Header}
}

// buyThrough puts something into a cart and sees it there. A node that takes
// over may answer that somebody has to try again.
func buyThrough(t *testing.T, front string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	await(t, "something is put into a cart", func() bool {
		answer, err := client.PostForm(front+"/cart/add", url.Values{"sku": {string(sku)}})
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return err == nil && answer.StatusCode == http.StatusOK && strings.Contains(string(body), "It is in your cart")
	})
}
