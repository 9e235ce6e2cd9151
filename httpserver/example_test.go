package httpserver_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/keelshop/commerce/httpserver"
)

func Example() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "open") })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error)
	go func() {
		ended <- httpserver.Serve(ctx, httpserver.New(handler, slog.Default()), listener, 10*time.Second)
	}()
	if answer, err := http.Get("http://" + listener.Addr().String()); err == nil {
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		fmt.Println(string(text))
	}
	stop()
	fmt.Println(<-ended)
	// Output:
	// open
	// <nil>
}
