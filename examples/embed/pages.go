package main

import (
	"html/template"
	"net/http"
)

// The application's own pages.
var (
	homePage = page(`{{if .}}<p>Hello {{.}}.</p><form method="post" action="/logout"><button>Log out</button></form>
{{else}}<p><a href="/login">Log in</a></p>{{end}}
<p><a href="/shop/">The shop</a>, <a href="/shop/account">your orders</a>, <a href="/shop/api/docs">the shop's API</a></p>`)
	logInPage = page(`<form method="post" action="/login"><input type="hidden" name="next" value="{{.}}">
<label>Name <input name="name" autocomplete="username"></label> <button>Log in</button></form><p>There are ann, eve, and bob, who runs the shop.</p>`)
)

func page(main string) *template.Template {
	return template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>An application</title><h1>An application</h1>` + main))
}

func show(w http.ResponseWriter, p *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = p.Execute(w, data) // the browser has gone if this fails
}
